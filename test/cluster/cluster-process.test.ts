import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { ClusterProcess, type ClusterProcessPlan } from '../../cluster/cluster-process.ts';
import { boundServerLog } from '../../src/platform/embedded/server-log.ts';

async function tempFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-part-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

test('a stranger at the address of a process of the cluster is not taken for that process, which starts once the address is free', async () => {
  const stranger = createServer();
  await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void stranger.close());
  const { port } = stranger.address() as AddressInfo;
  let looks = 0;
  const answeredByStranger: boolean[] = [];
  const plan: ClusterProcessPlan = {
    name: 'part',
    command: ['sleep', '600'],
    logFolder: await tempFolder(),
    get listens() {
      looks += 1;
      if (looks === 2) stranger.close();
      return { host: '127.0.0.1', port };
    },
    isReady: () => {
      answeredByStranger.push(stranger.listening);
      return Promise.resolve(true);
    },
  };
  const started = await ClusterProcess.start(plan, () => undefined, new AbortController().signal);
  onTestFinished(() => started.stop());
  expect({ looks, answeredByStranger }).toEqual({ looks: 2, answeredByStranger: [false] });
});

test('a first start that fails is repeated, since a process that was killed just before may still be in the way', async () => {
  const logFolder = await tempFolder();
  const tried = join(logFolder, 'tried');
  const script = `if [ -e "${tried}" ]; then : > "${tried}-again"; exec sleep 600; else : > "${tried}"; exit 1; fi`;
  const plan: ClusterProcessPlan = {
    name: 'part',
    command: ['/bin/sh', '-c', script],
    logFolder,
    listens: { host: '127.0.0.1', port: 0 },
    isReady: () =>
      readFile(`${tried}-again`).then(
        () => true,
        () => false,
      ),
  };
  const started = await ClusterProcess.start(plan, () => undefined, new AbortController().signal);
  await started.stop();
});

test('a log that has grown too large is rotated while it is written', async () => {
  const path = join(await tempFolder(), 'part.log');
  const log = await open(path, 'a');
  onTestFinished(() => log.close());
  await log.write(Buffer.alloc(10 * 1024 * 1024, 'a'));
  await boundServerLog(path);
  await log.write('b');
  await boundServerLog(path);
  await log.write('c');
  expect(await readFile(path, 'utf8')).toBe('c');
  expect((await readFile(`${path}.1`, 'utf8')).endsWith('ab')).toBe(true);
});

const waiting = async (): Promise<ClusterProcessPlan> => ({
  name: 'part',
  command: ['sleep', '600'],
  logFolder: await tempFolder(),
  listens: { host: '127.0.0.1', port: 0 },
  isReady: () => Promise.resolve(false),
});

test('a process that reports that it is recovering is given more time', async () => {
  let asked = 0;
  const lines: string[] = [];
  const plan: ClusterProcessPlan = {
    ...(await waiting()),
    readyMs: 1,
    isReady: () => Promise.resolve(asked === 2),
    whyNotReady: () => {
      asked += 1;
      return Promise.resolve({ reason: 'rejecting connections', recovering: true });
    },
  };
  const started = await ClusterProcess.start(plan, (line) => lines.push(line), new AbortController().signal);
  await started.stop();
  expect(lines).toEqual(['part is recovering (rejecting connections); waiting for it']);
});

test.each([
  ["echo 'no room left'; exit 7", /^part did not start: it ended with code 7; .*\nno room left\n/s],
  ['exec sleep 600', /^part did not start: it is not ready after \d+ s: no worker polls; /],
])(
  'a process that died and cannot be started again (%s) reports the reason at once, and is retried',
  async (then, why) => {
    const logFolder = await tempFolder();
    const ran = join(logFolder, 'ran');
    const aborting = new AbortController();
    let ready = true;
    let hear: (line: string) => void = () => undefined;
    const reported = new Promise<string>((resolve) => {
      hear = (line) => {
        if (line.includes('did not start')) resolve(line);
      };
    });
    const plan: ClusterProcessPlan = {
      ...(await waiting()),
      logFolder,
      command: ['/bin/sh', '-c', `if [ -e "${ran}" ]; then ${then}; fi; : > "${ran}"; exec sleep 600`],
      readyMs: 2_000,
      isReady: () =>
        readFile(ran).then(
          () => ready,
          () => false,
        ),
      whyNotReady: () => Promise.resolve({ reason: 'no worker polls' }),
    };
    const started = await ClusterProcess.start(plan, (line) => hear(line), aborting.signal);
    ready = false;
    process.kill(started.pid, 'SIGKILL');
    const line = await reported;
    expect(line).toMatch(why);
    expect(line).toMatch(/\npart is retried for 120 s$/);
    aborting.abort(new Error('called off'));
    await started.lost;
  },
);
