/** Figures over the API and the command line, of endings that are written into the node's payload store. */
import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { createFileStore } from '../../src/payloads/file-store.ts';
import { FigureFiles } from '../../src/services/figures/figure-files.ts';
import { FigureWriter } from '../../src/services/figures/figure-writer.ts';
import { runCli } from '../cli/run-cli.ts';
import { ending } from '../domain/ending-support.ts';
import { HttpClient, type Json } from '../rig/http-client.ts';
import { expectDocumented, type Document } from './documented.ts';
import { expectInvalid, expectProblem } from './problem.ts';
import { useNode } from './use-node.ts';

const key = 'a-key-of-the-figures-tests';
const node = useNode({ HOLDFAST_API_KEYS: key });

const at = (time: string): number => Date.parse(`2026-11-30T${time}Z`);
const range = 'from=2026-11-30T08:00:00Z&to=2026-11-30T10:00:00Z';
const get = (query: string, http: HttpClient = node.http) => http.get(`/api/vps/figures?${query}`);

/** The interval that begins at this time. */
function intervalAt(body: Json, time: string): Json | undefined {
  return (body['intervals'] as Json[]).find(({ from }) => from === `2026-11-30T${time}.000Z`);
}

/** 100 calls at 08:05 that took 101 to 200 ms, of which agents took all but 20 ms; one at 09:10 that failed over, one that failed. */
beforeAll(async () => {
  // The node's own reader completes the time until its start.
  await vi.waitFor(async () => expect((await get(range)).body['complete_until']).not.toBeNull(), 30_000);
  const writer = new FigureWriter(new FigureFiles(createFileStore(join(node.dataDir, 'payloads'))));
  for (let ms = 101; ms <= 200; ms++)
    writer.add(
      ending({
        startedAt: at('08:05:10') - ms,
        endedAt: at('08:05:10'),
        attempts: [{ agent: 'a', tries: 1, latencyMs: ms - 20 }],
      }),
    );
  const timedOut = { agent: 'a', errorType: 'timeout', tries: 3, latencyMs: 500 } as const;
  const endedAt = at('09:10:00');
  writer.add(
    ending({
      callId: 'crm.call',
      answeredBy: 'b',
      startedAt: endedAt - 2_000,
      endedAt,
      queuedMs: 1_000,
      attempts: [timedOut, { agent: 'b', tries: 1, latencyMs: 400 }],
    }),
  );
  writer.add(
    ending({
      outcome: 'failed',
      errorType: 'timeout',
      answeredBy: undefined as never,
      endedAt,
      attempts: [timedOut],
    }),
  );
  await writer.closeUntil(at('09:30:00'));
});

const near = (ms: number): unknown => expect.closeTo(ms, ms >= 1_000 ? -2 : ms >= 100 ? -1 : 0);

describe('GET /api/vps/figures', () => {
  it('has outcomes, failovers and percentiles of each interval, and of the whole range', async () => {
    const answer = await get(`${range}&project=*&agents=true`);
    const document = (await node.http.get('/openapi.json')).body as Document;
    expectDocumented(document, 'get /api/vps/figures', answer);
    const { status, body } = answer;
    expect(status).toBe(200);
    expect(body).toMatchObject({
      from: '2026-11-30T08:00:00.000Z',
      to: '2026-11-30T10:00:00.000Z',
      step: 'minute',
    });
    expect(Date.parse(String(body['complete_until']))).toBeGreaterThan(at('10:00:00'));
    expect(body.intervals).toHaveLength(120);
    expect(intervalAt(body, '08:05:00')).toMatchObject({
      calls: { completed: 100, failed: 0, cancelled: 0 },
      errors: {},
      failovers: [],
      duration_ms: { count: 100, p50: near(150), p95: near(195), p99: near(199) },
      overhead_ms: { count: 100, p50: near(20), p99: near(20) },
      queue_wait_ms: { count: 100, p50: 0, p99: 0 },
      agents: { a: { attempts: 100, tries: 100, attempt_errors: {}, latency_ms: { p50: near(130) } } },
    });
    expect(intervalAt((await get(`${range}&project=*`)).body, '08:05:00')).not.toHaveProperty('agents');
    expect(intervalAt(body, '08:06:00')).toMatchObject({
      calls: { completed: 0, failed: 0, cancelled: 0 },
      duration_ms: { count: 0, p50: null, p95: null, p99: null },
      agents: {},
    });
    expect(body.total).toMatchObject({
      calls: { completed: 101, failed: 1, cancelled: 0 },
      errors: { timeout: 1 },
      failovers: [{ asked: 'a', answered: 'b', calls: 1 }],
      queue_wait_ms: { count: 102, p50: 0 },
      agents: {
        a: {
          calls: { completed: 101, failed: 1 },
          attempts: 102,
          tries: 106,
          attempt_errors: { timeout: 2 },
        },
        b: { calls: { completed: 0, failed: 0 }, attempts: 1, latency_ms: { count: 1, p50: near(400) } },
      },
    });
  });

  it('takes a step, and chooses one that suits the range', async () => {
    const hours = await get(`${range}&step=hour&project=*`);
    expect((hours.body.intervals as Json[]).map(({ calls }) => calls)).toMatchObject([
      { completed: 100 },
      { completed: 1, failed: 1 },
    ]);
    const tens = await get(`${range}&step=ten_minutes&project=*`);
    expect(tens.body.intervals).toHaveLength(12);
    expect(intervalAt(tens.body, '08:00:00')).toMatchObject({ calls: { completed: 100 } });
    expect(intervalAt(tens.body, '09:10:00')).toMatchObject({ calls: { completed: 1, failed: 1 } });
    const week = await get('from=2026-11-25T00:00:00Z&to=2026-12-01T00:00:00Z&project=*');
    expect(week.body).toMatchObject({ step: 'hour', total: { calls: { completed: 101 } } });
    const months = await get('from=2026-09-01T12:00:00Z&to=2026-12-01T00:00:00Z&project=*');
    expect(months.body).toMatchObject({
      step: 'day',
      from: '2026-09-01T00:00:00.000Z',
      total: { calls: { completed: 101 } },
    });
    const today = await get('');
    expect(today.body).toMatchObject({ step: 'hour' });
    expect(Date.parse(String(today.body.to)) - Date.parse(String(today.body.from))).toBeGreaterThanOrEqual(
      86_400_000,
    );
  });

  it('is about one agent if it is asked so: its calls, its attempts, its failovers', async () => {
    const { body } = await get(`${range}&agent=b&project=*`);
    expect(body.total).toMatchObject({
      calls: { completed: 0 },
      failovers: [{ asked: 'a', answered: 'b', calls: 1 }],
      latency_ms: { count: 1 },
      agents: { b: { attempts: 1 } },
    });
    expect(Object.keys((body.total as Json)['agents'] as Json)).toEqual(['b']);
  });

  it('shows a key its own project only', async () => {
    for (const project of ['crm', 'shop']) await node.http.post('/api/vps/projects', { name: project });
    const keyOf = async (project: string, scopes: string[]) => {
      const { body } = await node.http.post('/api/vps/keys', { name: project, project, scopes });
      return new HttpClient(node.http.url, String(body.key));
    };
    const crm = await keyOf('crm', ['read']);
    const { body } = await get(range, crm);
    expect(body.total).toMatchObject({ calls: { completed: 1, failed: 0 }, overhead_ms: { p50: near(100) } });
    expect((await get(range, await keyOf('shop', ['read']))).body.total).toMatchObject({
      calls: { completed: 0 },
    });
    expectProblem(await get(`${range}&project=*`, crm), 404, 'project_not_found');
    expectProblem(await get(`${range}&project=default`, crm), 404, 'project_not_found');
    expectProblem(await get(range, await keyOf('crm', ['call'])), 403, 'scope_missing');
    expect((await get(`${range}&project=crm`)).body.total).toMatchObject({ calls: { completed: 1 } });
    expect((await get(range)).body.total).toMatchObject({ calls: { completed: 100, failed: 1 } });
  });

  it('names the damaged files of the range, and so does the command line', async () => {
    const file = 'figures/2026-11-30/11/05.gz';
    await createFileStore(join(node.dataDir, 'payloads')).write(file, Buffer.from('{"a":1}'));
    const later = 'from=2026-11-30T11:00:00Z&to=2026-11-30T12:00:00Z';
    expect((await get(later)).body['damaged_files']).toEqual([file]);
    expect((await get(range)).body['damaged_files']).toEqual([]);
    const times = ['--from', '2026-11-30T11:00:00Z', '--to', '2026-11-30T12:00:00Z'];
    const { stderr } = await runCli(['figures', ...times], {
      HOLDFAST_URL: node.http.url,
      HOLDFAST_API_KEY: key,
    });
    expect(stderr).toContain(file);
  });

  it('refuses a range that is none or too long for its step, and says what to ask for', async () => {
    expectInvalid(await get('from=2026-11-30T08:00:00Z&to=2026-11-30T08:00:00Z'), 'from');
    expectInvalid(await get('from=yesterday'), 'from');
    expectInvalid(await get('step=week'), 'step');
    const long = await get('from=2026-11-01T00:00:00Z&to=2026-11-30T00:00:00Z&step=minute');
    expectInvalid(long, 'step');
    expect(long.body.detail).toContain(
      '41760 intervals of a minute are more than 1500: ask for a longer step',
    );
    const tens = await get('from=2026-11-01T00:00:00Z&to=2026-11-30T00:00:00Z&step=ten_minutes');
    expect(tens.body.detail).toContain('4176 intervals of ten minutes are more than 1500');
    expect((await get('from=2000-01-01T00:00:00Z&to=2026-11-30T00:00:00Z')).body.detail).toContain(
      'a shorter range',
    );
  });
});

describe('holdfast figures', () => {
  const cli = (...args: string[]) =>
    runCli(['figures', ...args], { HOLDFAST_URL: node.http.url, HOLDFAST_API_KEY: key });
  const times = ['--from', '2026-11-30T08:00:00Z', '--to', '2026-11-30T10:00:00Z', '--project', '*'];

  it('shows the intervals that have calls, the total and the agents', async () => {
    const { code, stdout } = await cli(...times, '--step', 'hour');
    expect(code).toBe(0);
    const lines = stdout.split('\n').map((line) => line.split('\t'));
    expect(lines.map(([first]) => first)).toEqual([
      'from',
      '2026-11-30T08:00:00.000Z',
      '2026-11-30T09:00:00.000Z',
      'total',
      '',
      'agent',
      'a',
      'b',
      '',
    ]);
    expect(lines[3]?.slice(1, 6)).toEqual(['102', '101', '1', '0', '1']);
    expect(lines[3]?.[9]).toBe('timeout 1');
    expect(lines[6]?.slice(1, 7)).toEqual(['101', '1', '0', 'b 1', '102', '106']);
  });

  it('says how far the figures are complete, if that is before the end of the range', async () => {
    expect((await cli('--from', '1h')).stderr).toContain('Complete until 20');
  });

  it('prints the answer of the API with --json, and shows no agents where there were no calls', async () => {
    const { stdout } = await cli(...times, '--agent', 'b', '--json');
    expect(JSON.parse(stdout)).toEqual((await get(`${range}&agent=b&project=*`)).body);
    const none = await cli('--from', '1h');
    expect(none).toMatchObject({ code: 0 });
    expect(none.stdout).not.toContain('agent\t');
  });
});
