/** `npm run cluster` as its user sees it: what it prints, which failures it survives, how it stops and starts again. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { letPostgresEnter } from '../../cluster/make-data-dir.ts';
import { packageRoot } from '../../src/platform/paths.ts';
import { startAgent } from '../agents/scripted-agent.ts';
import { echo } from '../api/scripts.ts';
import { HttpClient, type Json } from '../rig/http-client.ts';
import { ProductProcess } from '../rig/node-process.ts';
import { isAlive } from '../platform/embedded/support.ts';

async function startCluster(dataDir: string) {
  const main = join(packageRoot, 'cluster', 'main.ts');
  const options = ['--facades', '2', '--workers', '2', '--data', dataDir];
  // What `npm run cluster` runs, without the build before it.
  const cluster = new ProductProcess(main, { HOLDFAST_DRAIN_SECONDS: '2' }, ['--import', 'tsx'], options);
  await cluster.printed(/The cluster is ready after/);
  const pids = new Map<string, number>();
  for (const [, name = '', pid = ''] of cluster.output.matchAll(/^ {4}(\S+) .*\(.*?pid (\d+)/gm))
    pids.set(name, Number(pid));
  const facades = [...cluster.output.matchAll(/^ {4}facade-\d +(http:\S+)\//gm)].map(
    ([, url = '']) => new HttpClient(url),
  );
  return { cluster, pids, facades };
}

test('both facades serve the first walk; a killed process is restarted; the next start continues with the data', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'holdfast-cluster-'));
  await letPostgresEnter(dataDir);
  onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
  const agent = await startAgent(echo);
  onTestFinished(() => agent.close());

  const first = await startCluster(dataDir);
  expect([...first.pids.keys()]).toEqual([
    'facade-1',
    'facade-2',
    'worker-1',
    'worker-2',
    'Temporal',
    'PostgreSQL',
  ]);
  await first.facades[0]?.register('echo', agent.port);
  let said = 0;
  const say = async (http: HttpClient | undefined) => {
    said += 1;
    return http?.call({ agent_name: 'echo', prompt: `turn ${said}`, session_id: 'walk' });
  };
  for (const facade of first.facades)
    expect((await say(facade))?.body).toMatchObject({ success: true, response: `re: turn ${said}` });

  for (const [name, pid] of first.pids) {
    process.kill(pid, 'SIGKILL');
    const part = { Temporal: 'temporal', PostgreSQL: 'postgres' }[name] ?? name;
    await first.cluster.printed(new RegExp(`^${part} is back \\(pid`, 'm'));
    const [one, other] = first.facades;
    const asked = name === 'facade-1' ? other : one;
    await expect.poll(async () => (await asked?.get('/readyz'))?.status, { timeout: 60_000 }).toBe(200);
    expect((await say(asked))?.body, `after the death of ${name}`).toMatchObject({ success: true });
  }

  const running = [...first.cluster.output.matchAll(/\(pid (\d+)\)/g)].map(([, pid]) => Number(pid));
  first.cluster.kill('SIGINT');
  expect(await first.cluster.exited).toEqual({ code: 0, signal: null });
  expect([...first.pids.values(), ...running].filter(isAlive)).toEqual([]);
  expect(first.cluster.output).toMatch(
    /Stopping facades\nStopping workers\nStopping Temporal's server\nStopping PostgreSQL\n/,
  );

  const second = await startCluster(dataDir);
  expect(second.facades.map(({ url }) => url)).toEqual(first.facades.map(({ url }) => url));
  for (const facade of second.facades) {
    const { messages } = (await facade.get('/api/vps/sessions/walk')).body as { messages: Json[] };
    expect(messages.map(({ content }) => content)).toEqual(
      Array.from({ length: said }, (_, index) => [`turn ${index + 1}`, `re: turn ${index + 1}`]).flat(),
    );
  }
  expect((await say(second.facades[1]))?.body).toMatchObject({ success: true });
}, 300_000);
