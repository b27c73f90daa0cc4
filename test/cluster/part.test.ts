import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Part, type PartPlan } from '../../cluster/part.ts';
import { boundServerLog } from '../../src/platform/embedded/server-log.ts';

async function tempFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-part-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

test('a stranger at the address of a part is not taken for it: the part starts once the address is free', async () => {
  const stranger = createServer();
  await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void stranger.close());
  const { port } = stranger.address() as AddressInfo;
  let looks = 0;
  const answeredByStranger: boolean[] = [];
  const plan: PartPlan = {
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
  const part = await Part.start(plan, () => undefined, new AbortController().signal);
  onTestFinished(() => part.stop());
  expect({ looks, answeredByStranger }).toEqual({ looks: 2, answeredByStranger: [false] });
});

test('the first start is tried again, as what was killed just before may be in its way', async () => {
  const logFolder = await tempFolder();
  const tried = join(logFolder, 'tried');
  const script = `if [ -e "${tried}" ]; then : > "${tried}-again"; exec sleep 600; else : > "${tried}"; exit 1; fi`;
  const plan: PartPlan = {
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
  const part = await Part.start(plan, () => undefined, new AbortController().signal);
  await part.stop();
});

test('a log that has grown too large is put aside while it is written', async () => {
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
