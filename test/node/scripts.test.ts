/** What the README tells a newcomer to run. */
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { startAgent } from '../agents/scripted-agent.ts';
import { isAlive } from '../platform/embedded/support.ts';
import { packageRoot } from '../../src/platform/paths.ts';
import { gated } from '../api/scripts.ts';
import { clusterSettings } from '../rig/cluster-settings.ts';
import { HttpClient } from '../rig/http-client.ts';
import { ProductProcess, startNodeProcess } from '../rig/node-process.ts';
import { testEnvironment, type Environment } from '../rig/test-node.ts';

const script = (name: string): string => join(packageRoot, 'scripts', name);
const apiKey = 'a-key-of-the-e2e-test-run';

async function place(extra: Environment = {}) {
  const environment = await testEnvironment(extra);
  onTestFinished(() => rm(environment.HOLDFAST_DATA_DIR, { recursive: true, force: true }));
  return environment;
}

/** The last line that e2e.sh prints about the node at `url`. */
async function endToEnd(url: string): Promise<string | undefined> {
  const env = { PATH: process.env['PATH'], HOLDFAST_API_KEY: apiKey };
  const { stdout } = await promisify(execFile)(script('e2e.sh'), [url], { env }).catch((error: unknown) => {
    const failed = error as Error & { readonly stdout?: string };
    failed.message += `\n${failed.stdout ?? ''}`; // Says which checks had passed.
    throw failed;
  });
  return stdout.trim().split('\n').at(-1);
}

test('e2e.sh passes on a node of its own, and leaves nothing behind on it', async () => {
  const node = await startNodeProcess(await place());
  expect(await endToEnd(node.url)).toMatch(/^\d\d passed, 0 failed$/);
  expect((await node.http.get('/api/vps/agents')).body.total).toBe(0);
  expect((await node.http.get('/api/vps/sessions')).body.sessions).toEqual([]);
}, 60_000);

test('e2e.sh passes on a facade with keys whose worker is another process', async () => {
  const cluster = await clusterSettings();
  const facade = await startNodeProcess(
    await place({ ...cluster, HOLDFAST_API_KEYS: apiKey, HOLDFAST_EMBEDDED_WORKER: 'off' }),
  );
  const withKey = new HttpClient(facade.url, apiKey);
  const beside = { TEMPORAL_ADDRESS: facade.temporalAddress, HOLDFAST_LOG_LEVEL: 'info' };
  const worker = new ProductProcess('worker.js', await place({ ...cluster, ...beside }));
  await worker.printed(/Worker is ready/);
  // The worker has polled then, and answers the facade's queries.
  await expect.poll(async () => (await facade.http.get('/readyz')).status, { timeout: 30_000 }).toBe(200);
  await expect
    .poll(async () => (await withKey.get('/api/vps/agents?id=nobody')).status, { timeout: 30_000 })
    .toBe(404);
  expect(await endToEnd(facade.url)).toMatch(/^\d\d passed, 0 failed$/);
}, 90_000);

test('e2e.sh names the first check that fails, and ends with 1', async () => {
  const broken = await startAgent(() => ({ status: 500, body: { oops: true } }));
  onTestFinished(() => broken.close());
  await expect(endToEnd(`http://127.0.0.1:${broken.port}`)).rejects.toMatchObject({
    code: 1,
    stdout: expect.stringMatching(/^FAIL {2}register \(HTTP 500\)/) as string,
  });
});

/** Of a process and all that it has started, and they in turn. */
function descendantsOf(pid: number): number[] {
  const lines = execFileSync('ps', ['-eo', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n');
  const pairs = lines.map((line) => line.trim().split(/\s+/).map(Number));
  const below = (parent: number): number[] =>
    pairs.filter(([, ppid]) => ppid === parent).flatMap(([child = 0]) => [child, ...below(child)]);
  return below(pid);
}

/** `npm ...` itself, from its own file: its pid is npm's. No build before it, other tests use what is built. */
function npm(words: readonly string[], environment: Environment): ProductProcess {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const found = folders.map((folder) => join(folder, 'npm')).find((path) => existsSync(path)) ?? '';
  const quiet = {
    npm_config_update_notifier: 'false',
    npm_config_cache: environment['HOLDFAST_DATA_DIR'] ?? '',
  };
  return new ProductProcess(
    realpathSync(found),
    { ...environment, ...quiet },
    [],
    [...words, '--ignore-scripts'],
  );
}

test.each([
  ['SIGTERM to the pid of npm', 'SIGTERM', false],
  ['Ctrl-C, which npm hands on once more,', 'SIGINT', true],
] as const)(
  '%s drains what npm start runs, and leaves no process and no port taken',
  { timeout: 120_000 },
  async (_what, signal, toAll) => {
    const shared = await clusterSettings();
    const environment = await place({
      ...shared,
      HOLDFAST_DRAIN_SECONDS: '20',
      HOLDFAST_LOG_LEVEL: 'info',
    });
    const node = npm(['start'], environment);
    const [, url = ''] = await node.printed(/API +(http:\S+)\/api\/vps\/status/);
    const [, temporal = ''] = await node.printed(/Temporal +(\S+:\d+)/);
    const beside = { ...shared, TEMPORAL_ADDRESS: temporal, HOLDFAST_LOG_LEVEL: 'info' };
    const worker = npm(['run', 'worker'], await place(beside));
    await worker.printed(/Worker is ready/);
    const [workers, started] = [descendantsOf(worker.pid), descendantsOf(node.pid)];
    onTestFinished(() => {
      for (const pid of [...workers, ...started].filter(isAlive)) process.kill(pid, 'SIGKILL');
    });
    const http = new HttpClient(url);
    const gate = gated('in time');
    const agent = await startAgent(gate.script);
    onTestFinished(() => agent.close());
    await http.register('slow', agent.port);

    for (const pid of [worker.pid, ...(toAll ? workers : [])]) process.kill(pid, signal);
    expect((await worker.exited).code).toBe(0);
    expect([worker.pid, ...workers].filter(isAlive)).toEqual([]);

    const waiting = http.call({ agent_name: 'slow', prompt: 'hello' });
    await agent.waitForRequests(1);
    const [server] = started;
    for (const pid of [node.pid, ...(toAll && server ? [server] : [])]) process.kill(pid, signal);
    await expect.poll(async () => (await http.get('/readyz')).status).toBe(503);
    gate.open();

    expect((await waiting).body).toMatchObject({ success: true, response: 'in time' });
    expect((await node.exited).code).toBe(0);
    await expect.poll(() => started.filter(isAlive)).toEqual([]);
    for (const port of [new URL(url).port, temporal.split(':')[1]])
      await expect(fetch(`http://127.0.0.1:${String(port)}/`)).rejects.toThrow();
  },
);

test('every npm script that runs for long is replaced by what it runs, so that signals reach that', () => {
  const { scripts } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const brief = /^(pre\w+|build|format|format:check|lint|typecheck|knip|verify|docs)$/;
  const long = Object.keys(scripts).filter((name) => !brief.test(name));
  expect(long).toEqual(expect.arrayContaining(['start', 'worker', 'demo', 'bench', 'chaos', 'soak', 'test']));
  for (const name of long) expect(scripts[name], name).toMatch(/^exec /);
});

/** The rows of a printed table; a cell that wraps is one line. */
function rowsOf(text: string): string[][] {
  const rows: string[][] = [];
  for (const line of text.split('\n').filter((one) => one.startsWith('│'))) {
    const cells = line
      .split('│')
      .slice(1, -1)
      .map((cell) => cell.trim());
    const row = rows.at(-1);
    if (cells[1] !== '' || !row) rows.push(cells);
    else cells.forEach((cell, column) => (row[column] = `${row[column] ?? ''} ${cell}`.trim()));
  }
  return rows;
}

test('the demo shows who answered and what failed over, its links lead there, and Ctrl-C leaves nothing running', async () => {
  const demo = new ProductProcess(script('demo.ts'), await place(), ['--import', 'tsx']);
  await demo.printed(/Stop with Ctrl-C/);

  const rows = rowsOf(demo.output).slice(1);
  expect(rows.map(([, asked, answered]) => [asked, answered])).toEqual([
    ['demo-down', 'demo-flaky'],
    ['demo-flaky', 'demo-flaky'],
    ['demo-healthy', 'demo-healthy'],
    ['demo-down', 'demo-flaky'],
    ['demo-flaky', 'demo-flaky'],
  ]);
  expect(rows[0]?.[3]).toBe('demo-down: connection after 2 tries demo-flaky: answered after 2 tries');

  const links = new Map(
    [...demo.output.matchAll(/^ {2}(\w[\w ]+\w) {2,}(http:\S+)$/gm)].map(([, what, url]) => [what, url]),
  );
  expect([...links.keys()]).toEqual(['Web UI', 'first call', 'conversation', 'health', 'API docs']);
  for (const url of links.values()) expect((await fetch(url ?? '')).status, url).toBe(200);
  const { body } = await new HttpClient(links.get('conversation') ?? '').get('');
  expect((body as { messages: unknown[] }).messages).toHaveLength(2 * rows.length);

  const started = descendantsOf(demo.pid);
  expect(started.length).toBeGreaterThanOrEqual(3); // The sample agents, Temporal and what watches it.
  demo.kill('SIGINT');
  expect(await demo.exited).toEqual({ code: 0, signal: null });
  await expect.poll(() => started.filter(isAlive)).toEqual([]);
}, 90_000);
