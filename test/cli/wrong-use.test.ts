/** Wrong use of commands: each prints a message without a stack, exits with the documented code, and does nothing. */
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli, runCliInto, type Ran } from './run-cli.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-cli-'));
  await writeFile(join(folder, 'sessions.json'), '{"sessions": {}}');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function expectSentence({ stdout, stderr }: Ran): void {
  expect(stdout).toBe('');
  expect(stderr).toMatch(/\S/);
  expect(stderr).not.toMatch(/^ +at /m);
}

/** Every command that sends requests to a node. */
const asking = (): string[][] => [
  ['agents', 'list'],
  ['agents', 'list', '--json'],
  ['agents', 'add', 'one', 'http://127.0.0.1:9'],
  ['agents', 'rm', 'one', '--yes'],
  ['call', 'one', 'hello'],
  ['calls', 'list', '--json'],
  ['calls', 'list', '--counts'],
  ['calls', 'show', 'one'],
  ['calls', 'watch', 'one'],
  ['calls', 'cancel', 'one'],
  ['calls', 'callback', 'one'],
  ['calls', 'export'],
  ['calls', 'export', 'one', '-o', join(folder, 'one.json')],
  ['nodes'],
  ['health'],
  ['health', 'one', '--json'],
  ['health', 'one', '--probe'],
  ['health', 'one', '--reset'],
  ['sessions', 'list'],
  ['sessions', 'show', 'one', '--json'],
  ['sessions', 'rm', 'one', '--yes'],
  ['sessions', 'fork', 'one'],
  ['sessions', 'append', 'one', 'hello'],
  ['sessions', 'set', 'one', '--no-system'],
  ['sessions', 'export', '--json'],
  ['sessions', 'import', join(folder, 'sessions.json')],
  ['replay', '--status', 'failed'],
  ['rerun', 'one', '--wait'],
  ['rerun', '--all', '--yes'],
  ['rerun', '--attach', 'one'],
  ['rerun', '--cancel', 'one'],
  ['rerun', '--list'],
  ['webhooks', 'list'],
  ['webhooks', 'show', 'one', '--json'],
  ['webhooks', 'create', 'one', 'http://127.0.0.1:9', '--event', 'call.failed'],
  ['webhooks', 'change', 'one', '--any-agent'],
  ['webhooks', 'enable', 'one'],
  ['webhooks', 'rotate', 'one'],
  ['webhooks', 'test', 'one'],
  ['webhooks', 'deliveries', 'one'],
  ['webhooks', 'redeliver', 'one', '--from', '1h'],
  ['webhooks', 'remove', 'one', '--yes'],
  ['webhooks', 'callback-secret'],
  ['whatif', 'one'],
];

describe('if HOLDFAST_URL names another server', () => {
  let server: Server;
  let url: string;
  beforeAll(async () => {
    server = createServer((request, response) => {
      request.resume();
      const body = JSON.stringify({
        total: 1,
        agents: [{ name: 'foreign' }],
        calls: [],
        sessions: [],
        foreign: true,
      });
      response.writeHead(200, { 'Content-Type': 'application/json' }).end(body);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => server.close());

  it('every command says so and exits with 3, even if the server answers 200 with JSON', async () => {
    const left = asking().map((args) => args);
    const work = async (): Promise<void> => {
      for (let args = left.shift(); args; args = left.shift()) {
        const ran = await runCli(args, { HOLDFAST_URL: url });
        expect(ran.stderr, args.join(' ')).toMatch(/not a Holdfast node: check HOLDFAST_URL/);
        expect(ran.code, args.join(' ')).toBe(3);
        expectSentence(ran);
      }
    };
    await Promise.all([work(), work(), work()]);
    expect(existsSync(join(folder, 'one.json'))).toBe(false);
  }, 240_000);

  it('commands say so too if the answer never ends, or the server does not speak HTTP', async () => {
    const endless = createServer((_request, response) => void response.writeHead(200).write('{'));
    const silent = createTcpServer((socket) => {
      socket.on('error', () => undefined).end('SSH-2.0-OpenSSH_9.6\r\n');
    });
    for (const [other, message] of [
      [endless, /not a Holdfast node: check HOLDFAST_URL/],
      [silent, /HOLDFAST_URL/],
    ] as const) {
      await once(other.listen(0, '127.0.0.1'), 'listening');
      const at = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
      for (const args of [
        ['agents', 'list'],
        ['health', '--json'],
        ['sessions', 'export'],
      ]) {
        const ran = await runCli(args, { HOLDFAST_URL: at });
        expect(ran.stderr, args.join(' ')).toMatch(message);
        expect(ran.code, args.join(' ')).toBe(3);
        expectSentence(ran);
      }
      other.close();
    }
  });
});

describe('a command with an option or argument that cannot have an effect', () => {
  it.each([
    [['health', 'one', '--reset', '--probe'], '--reset'],
    [['calls', 'list', '--counts', '--all'], '--counts'],
    [['calls', 'export', 'one', '--format', 'tar.gz'], '--format'],
    [['rerun', 'one', '--dry-run', '--max-in-flight', '3'], '--dry-run, --max-in-flight'],
    [['rerun', '--all', '--wait'], '--wait'],
    [['rerun', '--list', '--prompt', 'x'], '--prompt'],
    [['whatif', 'one', '--limit', '3'], '--limit'],
    [['agents', 'add', 'x', 'http://127.0.0.1:9', '--token-stdin', '--token-env', 'HOME'], '--token-env'],
    [['calls', 'show', ''], 'empty'],
    [['sessions', 'show', ''], 'empty'],
    [['sessions', 'fork', '.'], "'.'"],
    [['sessions', 'set', '..', '--turns', '1'], "'..'"],
  ])('%j exits with 2 and names it', async (args, named) => {
    const ran = await runCli(args, { HOLDFAST_URL: 'http://127.0.0.1:9' });
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain(named);
    expectSentence(ran);
  });
});

describe('files that cannot be read or written', () => {
  it.skipIf(!existsSync('/dev/full'))(
    'standard output on a full device exits with 1 and a message',
    async () => {
      for (const args of [['completion', 'bash'], ['--help'], ['replay', '--json', folder]]) {
        const { code, stderr } = await runCliInto('/dev/full', args);
        expect(stderr).toMatch(/The output cannot be written: .*ENOSPC/);
        expect(stderr).not.toMatch(/^ +at /m);
        expect(code).toBe(1);
      }
    },
  );

  it('replay of a folder or standard input without a history exits with 1', async () => {
    await mkdir(join(folder, 'nothing'));
    const empty = await runCli(['replay', join(folder, 'nothing')]);
    expect(empty).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/nothing\tunreadable\t.*holds no history/) as string,
    });
    expect(await runCli(['replay', '-'])).toMatchObject({ code: 1 });
  });

  it('import of a folder is a usage error', async () => {
    expect(await runCli(['sessions', 'import', folder])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/cannot be read/) as string,
    });
  });
});
