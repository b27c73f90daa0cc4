/** What the README tells a newcomer to run. */
import { execFile, execFileSync } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { startAgent } from '../agents/scripted-agent.ts';
import { isAlive } from '../platform/embedded/support.ts';
import { packageRoot } from '../../src/platform/paths.ts';
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
  const { stdout } = await promisify(execFile)(script('e2e.sh'), [url], { env });
  return stdout.trim().split('\n').at(-1);
}

test('e2e.sh passes on a node of its own, and leaves nothing behind on it', async () => {
  const node = await startNodeProcess(await place());
  expect(await endToEnd(node.url)).toMatch(/^\d\d passed, 0 failed$/);
  expect((await node.http.get('/api/vps/agents')).body.total).toBe(0);
  expect((await node.http.get('/api/vps/sessions')).body.sessions).toEqual([]);
}, 60_000);

test('e2e.sh passes on a facade with keys whose worker is another process', async () => {
  const cluster = { HOLDFAST_ENCRYPTION_KEY: Buffer.alloc(32, 'k').toString('hex') };
  const facade = await startNodeProcess(
    await place({ ...cluster, HOLDFAST_API_KEYS: apiKey, HOLDFAST_EMBEDDED_WORKER: 'off' }),
  );
  const beside = { TEMPORAL_ADDRESS: facade.temporalAddress, HOLDFAST_LOG_LEVEL: 'info' };
  const worker = new ProductProcess('worker.js', await place({ ...cluster, ...beside }));
  await worker.printed(/Worker is ready/);
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
