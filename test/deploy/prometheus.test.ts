/** The alert rules and the dashboard: read by promtool, and by a real Prometheus that scrapes a real node. */
import { execFile, execFileSync, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { startAgent } from '../agents/scripted-agent.ts';
import { closedPort } from '../agents/support.ts';
import { echo } from '../api/scripts.ts';
import { packageRoot } from '../../src/platform/paths.ts';
import { foundHere } from '../rig/found-here.ts';
import { startTestNode, type TestNode } from '../rig/test-node.ts';

const run = promisify(execFile);
const read = (path: string): Promise<string> => readFile(join(packageRoot, path), 'utf8');
const folder = join(packageRoot, 'deploy/prometheus');

const isThere = (command: string): boolean => {
  try {
    execFileSync('sh', ['-c', `command -v ${command}`]);
    return true;
  } catch {
    return false;
  }
};
const found = foundHere('prometheus', isThere('promtool') && isThere('prometheus'));
const why = found ? '' : ' (skipped: prometheus is not installed here)';

interface Panel {
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
}
const dashboard = JSON.parse(await read('deploy/grafana/holdfast.json')) as {
  readonly panels: readonly Panel[];
};
const queries = dashboard.panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr }) => ({ title, expr })),
);
const rules = await read('deploy/prometheus/alerts.yml');

it('every metric of the rules and the dashboard is one that docs/metrics.md lists', async () => {
  const documented = new Set(
    [...(await read('docs/metrics.md')).matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name),
  );
  const used = [rules, ...queries.map(({ expr }) => expr)].flatMap(
    (text) => text.match(/\b(?:holdfast|temporal|http_server|process|nodejs)_\w+/g) ?? [],
  );
  expect(used.length).toBeGreaterThan(40);
  const isListed = (name: string): boolean =>
    documented.has(name) || documented.has(name.replace(/_(?:bucket|count|sum)$/, ''));
  expect(used.filter((name) => !isListed(name))).toEqual([]);
});

it('docs/operations.md says what to do about each alert', async () => {
  const operations = await read('docs/operations.md');
  const alerts = [...rules.matchAll(/- alert: (\w+)/g)].map(([, name = '']) => name);
  expect(alerts.length).toBeGreaterThan(10);
  expect(alerts.filter((name) => !operations.includes(`\`${name}\``))).toEqual([]);
});

describe.skipIf(!found)(`promtool${why}`, () => {
  it('finds the rules in order', async () => {
    const { stdout } = await run('promtool', ['check', 'rules', 'alerts.yml'], { cwd: folder });
    expect(stdout).toMatch(/SUCCESS: \d+ rules found/);
  });

  it('sees each alert fire and end as alerts.test.yml says', async () => {
    const { stdout } = await run('promtool', ['test', 'rules', 'alerts.test.yml'], { cwd: folder });
    expect(stdout).toMatch(/SUCCESS/);
    const tested = await read('deploy/prometheus/alerts.test.yml');
    const alerts = [...rules.matchAll(/- alert: (\w+)/g)].map(([, name = '']) => name);
    expect(alerts.filter((name) => !tested.includes(name))).toEqual([]);
  });
});

/** Queries that have no data where all is well. */
const mayBeEmpty = ['Failed requests to Temporal'];

describe.skipIf(!found)(`a Prometheus that scrapes a node${why}`, () => {
  let test: TestNode;
  let place: string;
  let api: string;
  const bootstrap = 'bootstrap-key-of-the-test-0123456789';

  /** Makes one file of the repository fit the test: what is replaced must be in it. */
  const changed = (text: string, changes: readonly (readonly [RegExp, string])[]): string =>
    changes.reduce((before, [pattern, replacement]) => {
      expect(before).toMatch(pattern);
      return before.replace(pattern, replacement);
    }, text);

  beforeAll(async () => {
    test = await startTestNode({ HOLDFAST_API_KEYS: bootstrap, HOLDFAST_CIRCUIT_COOLDOWN_SECONDS: '1' });
    place = await mkdtemp(join(tmpdir(), 'holdfast-prometheus-'));
  });
  afterAll(async () => {
    await test.close();
    await rm(place, { recursive: true, force: true });
  });

  async function startPrometheus(): Promise<void> {
    const { body: key } = await test.http.post('/api/vps/keys', { name: 'prometheus', scopes: ['metrics'] });
    const keyFile = join(place, 'holdfast.key');
    await writeFile(keyFile, String(key['key']));
    await writeFile(join(place, 'alerts.yml'), changed(rules, [[/for: \d+m/g, 'for: 1s']]));
    const config = changed(await read('deploy/prometheus/prometheus.yml'), [
      [/scrape_interval: 15s/, 'scrape_interval: 500ms'],
      [/evaluation_interval: 15s/, 'evaluation_interval: 500ms'],
      [/credentials_file: .*/, `credentials_file: ${keyFile}`],
      [/'facade-1:18789', 'facade-2:18789'/, `'${new URL(test.http.url).host}'`],
    ]);
    await writeFile(join(place, 'prometheus.yml'), config);
    await run('promtool', ['check', 'config', 'prometheus.yml'], { cwd: place });
    const address = `127.0.0.1:${await closedPort()}`;
    api = `http://${address}/api/v1`;
    const flags = [
      '--config.file=prometheus.yml',
      '--storage.tsdb.path=data',
      `--web.listen-address=${address}`,
    ];
    const prometheus = spawn('prometheus', flags, { cwd: place, stdio: 'ignore' });
    const exited = new Promise((resolve) => prometheus.once('exit', resolve));
    onTestFinished(async () => {
      prometheus.kill('SIGKILL');
      await exited;
    });
  }

  /** The values of a query, each with its labels. Throws what Prometheus says if it is wrong. */
  async function query(expr: string): Promise<{ readonly metric: Record<string, string> }[]> {
    const response = await fetch(`${api}/query?${new URLSearchParams({ query: expr }).toString()}`);
    const { status, error, data } = (await response.json()) as {
      status: string;
      error?: string;
      data: { result: { metric: Record<string, string> }[] };
    };
    if (status !== 'success') throw new Error(`${expr}: ${error ?? status}`);
    return data.result;
  }

  const firing = async (): Promise<string[]> =>
    (await query('ALERTS{alertstate="firing"}')).map(
      ({ metric }) => `${metric['alertname'] ?? ''} ${metric['agent'] ?? ''}`,
    );

  it(
    'fires and resolves the alert of an agent that dies, and has data for every panel',
    { timeout: 120_000 },
    async () => {
      const patiently = { timeout: 40_000, interval: 250 };
      const [planner, helper] = [await startAgent(echo), await startAgent(echo)];
      onTestFinished(async () => {
        await planner.close();
        await helper.close();
      });
      await test.http.register('helper', helper.port, { max_retries: 0 });
      await test.http.register('planner', planner.port, { fallback_agents: ['helper'], max_retries: 0 });
      const ask = (agent = 'planner') => test.http.call({ agent_name: agent, prompt: 'x', session_id: 's' });
      await startPrometheus();
      const up = (): Promise<unknown[]> => query('up{job="holdfast"} == 1').catch(() => []);
      await expect.poll(up, patiently).toHaveLength(1);
      expect((await ask()).status).toBe(200);

      await planner.stop();
      const alert = 'HoldfastAgentUnreachable planner';
      const fires = async (): Promise<string[]> => {
        await ask();
        return firing();
      };
      await expect.poll(fires, patiently).toContain(alert);
      expect((await firing()).filter((one) => /NodeDown|NoWorkers|Temporal|Refused/.test(one))).toEqual([]);

      await planner.start();
      const resolves = async (): Promise<string[]> => {
        await ask();
        return firing();
      };
      await expect.poll(resolves, patiently).not.toContain(alert);

      // Failed calls, so that their panels have data.
      await helper.stop();
      expect((await ask('helper')).body).toMatchObject({ success: false });
      const empty = async (): Promise<string[]> => {
        await ask('helper');
        const results = await Promise.all(
          queries.map(async ({ title, expr }) => {
            const filled = expr.replaceAll('$__rate_interval', '30s').replaceAll('$agent', '.*');
            return (await query(filled)).length === 0 ? [title] : [];
          }),
        );
        return results.flat().filter((title) => !mayBeEmpty.includes(title));
      };
      await expect.poll(empty, patiently).toEqual([]);
    },
  );
});
