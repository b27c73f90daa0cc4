/** The export of calls' histories: all that a filter is about, whole or visibly not whole. */
import { Readable } from 'node:stream';
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { HttpAnswer, Json } from '../rig/http-client.ts';
import { startNodeProcess } from '../rig/node-process.ts';
import { startTemporalServer } from '../rig/server-process.ts';
import { testEnvironment } from '../rig/test-node.ts';
import { startAgent } from '../agents/scripted-agent.ts';
import { fromPaths } from '../../src/replay/history-sources.ts';
import { collect, each, replayed } from '../replay/support.ts';
import { expectInvalid, expectProblem } from './problem.ts';
import { says } from './scripts.ts';
import { useNode } from './use-node.ts';

const exportPath = (query: Readonly<Record<string, string>>): string =>
  `/api/vps/calls/export?${new URLSearchParams(query).toString()}`;

const linesOf = ({ body }: HttpAnswer): Json[] =>
  (typeof body.text === 'string' ? body.text : JSON.stringify(body))
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Json);

describe('an export of calls', () => {
  const node = useNode();
  const failed: string[] = [];
  let answered = '';

  beforeAll(async () => {
    await node.agent('answers', says('hello'));
    await node.agent('refuses', () => ({ status: 401 }));
    for (const session_id of ['one', 'two', 'one']) {
      const { body } = await node.http.call({ agent_name: 'refuses', prompt: 'x', session_id });
      failed.push(String(body.call_id));
    }
    answered = String((await node.http.call({ agent_name: 'answers', prompt: 'x' })).body.call_id);
    // The list may lag.
    await vi.waitFor(async () => {
      const lines = linesOf(await node.http.get(exportPath({})));
      expect(lines.map((line) => line.call_id).sort()).toEqual([...failed, answered].sort());
    }, 20_000);
  });

  it('contains each call that matches the filter once, and says how many there are', async () => {
    const all = await node.http.get(exportPath({ status: 'failed' }));
    expect(all.headers.get('Holdfast-Total-Count')).toBe('3');
    expect(all.headers.get('Content-Type')).toMatch(/^application\/x-ndjson/);
    expect(all.headers.get('Content-Disposition')).toContain('holdfast-calls.ndjson');
    expect(
      linesOf(all)
        .map((line) => line.call_id)
        .sort(),
    ).toEqual([...failed].sort());
    for (const line of linesOf(all)) expect(line).toMatchObject({ asked: 'refuses', answered_by: null });
    const [completed] = linesOf(await node.http.get(exportPath({ status: 'completed' })));
    expect(completed).toMatchObject({ asked: 'answers', answered_by: 'answers' });
    const inSession = await node.http.get(exportPath({ session: 'two', error_type: 'auth' }));
    expect(linesOf(inSession).map((line) => line.call_id)).toEqual([failed[1]]);
    const none = await node.http.get(exportPath({ agent: "' OR 1=1" }));
    expect(none).toMatchObject({ status: 200, body: undefined });
    expect(none.headers.get('Holdfast-Total-Count')).toBe('0');
  });

  it("gives each history as the call's own endpoint does", async () => {
    const [line] = linesOf(await node.http.get(exportPath({ text: answered })));
    expect(line?.history).toEqual((await node.http.get(`/api/vps/calls/${answered}/history`)).body);
  });

  it.each(['ndjson', 'tar.gz'])(
    'replays, as %s, straight from the stream, and warns of nothing',
    async (format) => {
      const warnings: Error[] = [];
      const onWarning = (warning: Error): unknown => warnings.push(warning);
      process.on('warning', onWarning);
      onTestFinished(() => void process.off('warning', onWarning));
      const response = await fetch(node.http.nextUrl() + exportPath({ format }));
      const stdin = Readable.from(response.body ?? []);
      const sources = await collect(fromPaths(['-'], { stdin }));
      expect(sources.map(({ name }) => name).sort()).toEqual([...failed, answered].sort());
      expect((await replayed(each(sources))).summary).toMatchObject({ total: 4, same: 4 });
      expect(warnings).toEqual([]);
    },
  );

  it('refuses unknown parameters, and an archive that does not exist', async () => {
    expectInvalid(await node.http.get(exportPath({ format: 'zip' })), 'format');
    expectInvalid(await node.http.get(exportPath({ limit: '1' })), 'limit');
    const noArchive = await node.http.get(exportPath({ archive: 'true' }));
    expectInvalid(noArchive, 'archive');
    expect(noArchive.body.detail).toContain('HOLDFAST_ARCHIVE');
  });
});

describe('an export during an outage of Temporal', () => {
  it('is refused if it has not begun, and is cut off if it has', async () => {
    const server = await startTemporalServer();
    const environment = await testEnvironment({ TEMPORAL_ADDRESS: server.address });
    const { http, url, process } = await startNodeProcess(environment);
    const agent = await startAgent(() => ({ status: 401 }));
    await http.register('refuses', agent.port);
    // More than the sockets between hold.
    const metadata = { filler: 'x'.repeat(60_000) };
    const calls = 100;
    for (let index = 0; index < calls; index += 10) {
      const call = { agent_name: 'refuses', prompt: 'p'.repeat(15_000), metadata };
      const answers = await Promise.all(Array.from({ length: 10 }, () => http.call(call)));
      expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200));
    }
    await expect
      .poll(async () => (await http.get('/api/vps/calls?limit=200&status=failed')).body.calls)
      .toHaveLength(calls);

    const response = await fetch(url + exportPath({}));
    expect(response.headers.get('Holdfast-Total-Count')).toBe(String(calls));
    const reader = response.body?.getReader();
    await reader?.read();
    await server.kill();
    const rest = async (): Promise<void> => {
      while (!(await reader?.read())?.done);
    };
    await expect(rest()).rejects.toThrow('terminated');

    expectProblem(await http.get(exportPath({})), 503, 'temporal_unavailable');
    expectProblem(await http.get(exportPath({ format: 'tar.gz' })), 503, 'temporal_unavailable');
    await agent.close();
    process.kill('SIGKILL');
  }, 120_000);
});
