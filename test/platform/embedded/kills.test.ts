import { execFile, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { isAlive, portOf, realCli, start, tempDir } from './support.ts';

const program = fileURLToPath(new URL('node-process.ts', import.meta.url));

/** A node in a process group of its own, as a shell starts it. */
async function startNodeProcess(dataDir: string, port = 0) {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', program, await realCli(), dataDir, String(port)],
    { detached: true, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const nextLine = async (): Promise<string> => String((await lines.next()).value);
  const told = JSON.parse(await nextLine()) as { readonly address: string; readonly pid: number };
  return { child, nextLine, pid: child.pid ?? 0, address: told.address, serverPid: told.pid };
}

async function workflowsOf({ address }: { readonly address: string }) {
  const connection = await Connection.connect({ address });
  onTestFinished(() => connection.close());
  return new Client({ connection }).workflow;
}

test('the server of a killed node ends within a second', async () => {
  const node = await startNodeProcess(await tempDir());
  process.kill(node.pid, 'SIGKILL');
  await once(node.child, 'exit');
  await expect.poll(() => isAlive(node.serverPid), { interval: 10, timeout: 1_000 }).toBe(false);
});

test('a killed node can be restarted at once on the same data and port, with everything that was accepted', async () => {
  const dataDir = await tempDir();
  let node = await startNodeProcess(dataDir);
  const port = portOf(node);
  for (const id of ['one', 'two', 'three']) {
    await (await workflowsOf(node)).start('any', { taskQueue: 'none', workflowId: id });
    process.kill(node.pid, 'SIGKILL');
    node = await startNodeProcess(dataDir, port);
  }
  const workflows = await workflowsOf(node);
  for (const id of ['one', 'two', 'three'])
    expect((await workflows.getHandle(id).describe()).status.name).toBe('RUNNING');
});

test('Ctrl-C reaches the node but not its server, which the drain still needs', async () => {
  const node = await startNodeProcess(await tempDir());
  process.kill(-node.pid, 'SIGINT');
  expect(await node.nextLine()).toBe('SIGINT');
  const handle = await (await workflowsOf(node)).start('any', { taskQueue: 'none', workflowId: 'drained' });
  expect((await handle.describe()).status.name).toBe('RUNNING');
  expect(isAlive(node.serverPid)).toBe(true);
});

test('a killed server is restarted at the same address with its workflows', async () => {
  const server = await start();
  await (await workflowsOf(server)).start('any', { taskQueue: 'none', workflowId: 'kept' });
  const killed = server.pid();
  process.kill(killed, 'SIGKILL');
  await expect.poll(() => server.pid()).not.toBe(killed);
  const handle = (await workflowsOf(server)).getHandle('kept');
  expect((await handle.describe()).status.name).toBe('RUNNING');
});

test('a server whose watcher is killed does not stay behind and is restarted at the same address', async () => {
  const server = await start();
  const first = server.pid();
  const { stdout } = await promisify(execFile)('ps', ['-o', 'ppid=', '-p', String(first)]);
  process.kill(Number(stdout), 'SIGKILL');
  await expect.poll(() => server.pid()).not.toBe(first);
  expect(isAlive(first)).toBe(false);
  const handle = await (await workflowsOf(server)).start('any', { taskQueue: 'none', workflowId: 'taken' });
  expect((await handle.describe()).status.name).toBe('RUNNING');
});

test('a stop during the restart of a killed server leaves no server behind', async () => {
  const dataDir = await tempDir();
  const told = new EventEmitter();
  const log = pino({ level: 'error' }, { write: (line: string) => void told.emit('line', line) });
  const server = await start({ dataDir }, log);
  const killed = server.pid();
  process.kill(killed, 'SIGKILL');
  await once(told, 'line'); // It says so right before it starts another.
  await server.stop();
  expect(server.pid()).not.toBe(killed);
  expect(isAlive(server.pid())).toBe(false);
  await start({ dataDir, port: portOf(server) });
});

test('a server that keeps dying is not restarted any more, and the reason is reported', async () => {
  const server = await start();
  const killed = new Set<number>();
  const killer = setInterval(() => {
    const pid = server.pid();
    if (!killed.has(pid) && isAlive(pid)) process.kill(pid, 'SIGKILL');
    killed.add(pid);
  }, 5);
  onTestFinished(() => clearInterval(killer));
  expect(await server.lost).toMatch(
    /^the Temporal server died 6 times within a minute; the last time it ended with /,
  );
  await server.stop();
});
