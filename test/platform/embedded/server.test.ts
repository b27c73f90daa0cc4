import { open, readdir, readFile, readlink, stat, truncate, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { describe, expect, onTestFinished, test } from 'vitest';
import { EmbeddedServerError } from '../../../src/platform/embedded/embedded-server-error.ts';
import { isAlive, portOf, scriptedCli, start, tempDir } from './support.ts';

async function clientOf({ address }: { readonly address: string }): Promise<Client> {
  const connection = await Connection.connect({ address });
  onTestFinished(() => connection.close());
  return new Client({ connection });
}

/** The TCP ports that a process of this machine listens on, from /proc. */
async function listeningPorts(pid: number): Promise<number[]> {
  const folder = `/proc/${pid}/fd`;
  const links = await Promise.all(
    (await readdir(folder)).map((fd) => readlink(join(folder, fd)).catch(() => '')),
  );
  const tables = await Promise.all(
    ['tcp', 'tcp6'].map((name) => readFile(`/proc/${pid}/net/${name}`, 'utf8')),
  );
  return tables
    .flatMap((table) => table.split('\n').map((line) => line.trim().split(/\s+/)))
    .filter(([, , , state, , , , , , inode]) => state === '0A' && links.includes(`socket:[${inode ?? ''}]`))
    .map(([, local = '']) => parseInt(local.split(':')[1] ?? '', 16));
}

async function takenPort(): Promise<number> {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  onTestFinished(() => void other.close());
  return (other.address() as AddressInfo).port;
}

async function failureOf(starting: Promise<unknown>): Promise<EmbeddedServerError> {
  const error: unknown = await starting.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(EmbeddedServerError);
  return error as EmbeddedServerError;
}

describe('an embedded server', () => {
  test('accepts a workflow as soon as it is started', async () => {
    const client = await clientOf(await start());
    const handle = await client.workflow.start('any', { taskQueue: 'none', workflowId: 'first' });
    expect((await handle.describe()).status.name).toBe('RUNNING');
  });

  test('keeps its workflows across a restart', async () => {
    const dataDir = await tempDir();
    const first = await start({ dataDir });
    const client = await clientOf(first);
    await client.workflow.start('any', { taskQueue: 'none', workflowId: 'kept' });
    await first.stop();
    const again = await clientOf(await start({ dataDir, port: portOf(first) }));
    expect((await again.workflow.getHandle('kept').describe()).status.name).toBe('RUNNING');
  });

  test.each(['normal', 'full'] as const)(
    'uses a write-ahead log with synchronous=%s',
    async (synchronous) => {
      const dataDir = await tempDir();
      const server = await start({ dataDir, synchronous });
      expect((await stat(join(dataDir, 'temporal.db-wal'))).size).toBeGreaterThan(0);
      const { stdout } = await promisify(execFile)('ps', [
        '-o',
        'command=',
        '-ww',
        '-p',
        String(server.pid()),
      ]);
      expect(stdout).toContain(`synchronous=${synchronous}`);
    },
  );

  test('listens on the ports that it names, those of its HTTP API and metrics at fixed distances if they are free', async () => {
    const port = 20_000 + Math.floor(Math.random() * 9_000); // Below the ports that connections take.
    const server = await start({ port, uiPort: 0 });
    const [grpc = 0, webUi = 0, httpApi = 0, metrics = 0] = server.ports();
    expect([grpc, `http://127.0.0.1:${webUi}`]).toEqual([portOf(server), server.webUiUrl]);
    expect([httpApi, metrics]).toEqual([grpc + 10, grpc + 20]);
    const statusOf = async (port: number, path: string) =>
      (await fetch(`http://127.0.0.1:${port}${path}`)).status;
    await expect.poll(() => statusOf(httpApi, '/api/v1/namespaces')).toBe(200);
    await expect.poll(() => statusOf(metrics, '/metrics')).toBe(200);
    const listening = await listeningPorts(server.pid());
    for (const port of server.ports()) expect(listening).toContain(port);
  });

  test('takes other ports for its HTTP API and metrics where those are in use, again after a restart', async () => {
    const taken = await takenPort();
    const server = await start({ port: taken - 10 });
    expect(server.ports()[0]).toBe(taken - 10);
    expect(server.ports()).not.toContain(taken);
    const client = await clientOf(server);
    const before = server.pid();
    process.kill(before, 'SIGKILL');
    await expect.poll(() => server.pid()).not.toBe(before);
    await expect
      .poll(() =>
        client.workflow.count().then(
          () => true,
          () => false,
        ),
      )
      .toBe(true);
    const listening = await listeningPorts(server.pid());
    for (const port of server.ports()) expect(listening).toContain(port);
  });

  test('has a page cache of the configured size', async () => {
    const server = await start({ cacheBytes: 5 * 1_048_576 });
    const { stdout } = await promisify(execFile)('ps', ['-o', 'command=', '-ww', '-p', String(server.pid())]);
    expect(stdout).toContain('cache_size=-5120 ');
  });

  test('stores its data so that other users cannot read it', async () => {
    const dataDir = await tempDir();
    await start({ dataDir });
    for (const name of ['temporal.db', 'temporal.db-wal', 'temporal.log'])
      expect((await stat(join(dataDir, name))).mode & 0o077, name).toBe(0);
  });

  test('accepts each of its dynamic settings', async () => {
    const dataDir = await tempDir();
    const server = await start({ dataDir });
    await server.stop();
    const log = await readFile(join(dataDir, 'temporal.log'), 'utf8');
    expect(log).toContain('Temporal CLI');
    expect(log).not.toMatch(/Failed to convert value|invalid/i);
  });

  test('serves the Web UI if a port is set for it, and none if it is off', async () => {
    const { webUiUrl } = await start({ uiPort: 0 });
    expect((await fetch(webUiUrl ?? '')).status).toBe(200);
    expect((await start({ uiPort: 'off' })).webUiUrl).toBeUndefined();
  });

  test('has ended once it is stopped, and can be stopped twice', async () => {
    const server = await start();
    await server.stop();
    await server.stop();
    expect(isAlive(server.pid())).toBe(false);
    expect(await server.lost).toBe('it was stopped');
  });

  test('rotates a log of more than 10 MiB', async () => {
    const dataDir = await tempDir();
    const log = join(dataDir, 'temporal.log');
    await writeFile(log, '');
    await truncate(log, 10 * 1024 * 1024 + 1);
    await start({ dataDir });
    expect((await stat(`${log}.1`)).size).toBe(10 * 1024 * 1024 + 1);
    expect((await stat(log)).size).toBeLessThan(100_000);
  });
});

describe('a start that cannot succeed says what to do', () => {
  test('when another program uses the port', async () => {
    const port = await takenPort();
    const { code, message } = await failureOf(start({ port }));
    expect(code).toBe('port_in_use');
    expect(message).toBe(
      `Port ${port} on 127.0.0.1 is in use: set HOLDFAST_TEMPORAL_PORT to a free one (0 takes any)`,
    );
  });

  test('when another program uses the port of the Web UI', async () => {
    const uiPort = await takenPort();
    const { code, message } = await failureOf(start({ uiPort }));
    expect(code).toBe('port_in_use');
    expect(message).toContain(`Port ${uiPort} on 127.0.0.1 is in use: set HOLDFAST_TEMPORAL_UI_PORT`);
  });

  test('when both ports are the same', async () => {
    const server = await start();
    await server.stop();
    const { code, message } = await failureOf(start({ port: portOf(server), uiPort: portOf(server) }));
    expect(code).toBe('port_in_use');
    expect(message).toContain('HOLDFAST_TEMPORAL_PORT and HOLDFAST_TEMPORAL_UI_PORT are both');
  });

  test('when another node uses the data directory', async () => {
    const dataDir = await tempDir();
    await start({ dataDir });
    const { code, message } = await failureOf(start({ dataDir }));
    expect(code).toBe('database_locked');
    expect(message).toContain(
      `a node with pid ${process.pid} uses it. Stop that node, or set HOLDFAST_DATA_DIR`,
    );
  });

  test('when a newer CLI wrote the database', async () => {
    const dataDir = await tempDir();
    await (await start({ dataDir })).stop();
    await writeFile(join(dataDir, 'temporal.version.json'), '{"cli":"99.1.0"}');
    const { code, message } = await failureOf(start({ dataDir }));
    expect(code).toBe('database_newer');
    expect(message).toContain('set HOLDFAST_TEMPORAL_CLI to 99.1.0 or newer');
  });

  test('but not when the newer CLI never wrote a database', async () => {
    const dataDir = await tempDir();
    await writeFile(join(dataDir, 'temporal.version.json'), '{"cli":"99.1.0"}');
    await start({ dataDir });
    expect(await readFile(join(dataDir, 'temporal.version.json'), 'utf8')).toBe('{"cli":"1.9.1"}\n');
  });

  test('when the data directory cannot be written', async () => {
    const file = join(await tempDir(), 'a file');
    await (await open(file, 'w')).close();
    const { code, message } = await failureOf(start({ dataDir: join(file, 'data') }));
    expect(code).toBe('data_dir_unwritable');
    expect(message).toContain('fix its permissions or set HOLDFAST_DATA_DIR');
  });

  test('when the server ends at once, with the end of its log, and it releases the data directory', async () => {
    const dataDir = await tempDir();
    await writeFile(join(dataDir, 'temporal.log'), 'of an earlier start\n');
    const cli = await scriptedCli(join(dataDir, 'temporal'), '1.9.1', 'echo "no such table: x" >&2; exit 7');
    const { code, message } = await failureOf(start({ dataDir, cli }));
    expect(code).toBe('start_failed');
    expect(message).toMatch(/did not start: it ended with code 7; the end of .*:\nno such table: x$/);
    await start({ dataDir });
  });

  test('when the CLI does not run', async () => {
    const cli = join(await tempDir(), 'temporal');
    const { code, message } = await failureOf(start({ cli }));
    expect(code).toBe('start_failed');
    expect(message).toContain('set HOLDFAST_TEMPORAL_CLI');
  });
});
