/** Failed calls outlive Temporal: their histories are in the archive, are exported and replay from there. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Archive } from '../../src/services/archive/archive.ts';
import { sweepPayloads } from '../../src/services/archive/payload-sweep.ts';
import { createFileStore } from '../../src/payloads/file-store.ts';
import { TextStore } from '../../src/payloads/text-store.ts';
import { fromPaths } from '../../src/replay/history-sources.ts';
import { startAgent } from '../agents/scripted-agent.ts';
import { replayed } from '../replay/support.ts';
import { samePlace, startNodeProcess } from '../rig/node-process.ts';
import { testEnvironment } from '../rig/test-node.ts';
import { says } from './scripts.ts';
import { useNode } from './use-node.ts';

const folder = await mkdtemp(join(tmpdir(), 'holdfast-test-'));
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Whole files of calls, by call id. */
async function archivedIn(archive: string): Promise<string[]> {
  const names = await readdir(archive, { recursive: true }).catch(() => [] as string[]);
  return names.flatMap((name) => /\/([\w-]+)(\.\w+)?\.json\.gz$/.exec(name)?.[1] ?? []).sort();
}

describe('the archive', () => {
  const archive = join(folder, 'archive');
  const node = useNode({ HOLDFAST_ARCHIVE: archive, HOLDFAST_ARCHIVE_SECONDS: '1' });
  const failed: string[] = [];
  const exported = async (query = ''): Promise<string[]> => {
    const response = await fetch(`${node.http.nextUrl()}/api/vps/calls/export?archive=true${query}`);
    const lines = (await response.text()).split('\n').filter((line) => line !== '');
    return lines.map((line) => (JSON.parse(line) as { call_id: string }).call_id).sort();
  };

  beforeAll(async () => {
    await node.agent('answers', says('hello'));
    await node.agent('refuses', () => ({ status: 401 }));
    const call = async (body: object, agent_name = 'refuses'): Promise<string> =>
      String((await node.http.call({ agent_name, prompt: 'x', ...body })).body.call_id);
    await call({}, 'answers');
    failed.push(await call({ user_id: 'u' }));
    failed.push(await call({ session_id: 'private' }));
    failed.push(await call({ prompt: 'long '.repeat(10_000) }));
    await vi.waitFor(async () => expect(await archivedIn(archive)).toEqual([...failed].sort()), 20_000);
  });

  it('contains the failed calls, by the day on which they ended, in files that only their owner can read', async () => {
    const [day = ''] = (await readdir(archive)).filter((name) => /^\d/.test(name));
    expect(day).toBe(new Date().toISOString().slice(0, 10));
    const text = gunzipSync(await readFile(join(archive, day, `${failed[0] ?? ''}.json.gz`))).toString();
    expect(JSON.parse(text)).toMatchObject({
      call_id: failed[0],
      summary: { status: 'failed', errorType: 'auth', userId: 'u' },
      history: (await node.http.get(`/api/vps/calls/${failed[0] ?? ''}/history`)).body,
    });
  });

  it('outlives the calls in Temporal: it exports by filter, replays, and keeps their large texts', async () => {
    for (const id of failed)
      await node.temporal.workflowService.deleteWorkflowExecution({
        namespace: node.temporal.options.namespace,
        workflowExecution: { workflowId: `call-${id}` },
      });
    // Temporal takes its time.
    await expect
      .poll(async () => (await node.http.get(`/api/vps/calls/${failed[2] ?? ''}`)).status, {
        timeout: 90_000,
      })
      .toBe(404);

    expect(await exported()).toEqual([...failed].sort());
    expect(await exported('&user=u&error_type=auth&agent=refuses')).toEqual([failed[0]]);
    expect(await exported('&session=private')).toEqual([failed[1]]);
    expect(await exported(`&text=${failed[2] ?? ''}`)).toEqual([failed[2]]);
    for (const none of ['&status=completed', '&since=2999-01-01T00:00:00Z', '&until=2000-01-01T00:00:00Z'])
      expect(await exported(none)).toEqual([]);
    expect((await replayed(fromPaths([archive]))).summary).toMatchObject({ total: 3, same: 3 });

    const texts = new TextStore(createFileStore(join(node.dataDir, 'payloads')), 1);
    const temporal = {
      client: node.temporal,
      namespace: node.temporal.options.namespace,
      taskQueue: 'holdfast',
    };
    const later = Date.now() + 26 * 3_600_000;
    await texts.save({ kind: 'calls', id: 'of a call that is nowhere' }, 'large');
    expect(await sweepPayloads(temporal, texts, later, new Archive(createFileStore(archive), ''))).toBe(1);
    expect(await sweepPayloads(temporal, texts, later)).toBe(1);
  }, 120_000);

  it('forgets the calls of a session that is deleted with its calls', async () => {
    expect((await node.http.delete('/api/vps/sessions/private?calls=true')).status).toBe(204);
    expect(await archivedIn(archive)).toEqual([failed[0], failed[2]].sort());
  });

  it('moves its watermark only forward, and keeps only the newest', async () => {
    const own = new Archive(createFileStore(join(folder, 'watermarks')), 'archive/');
    expect(await own.watermark()).toBe(0);
    await own.advance(1_700_000_000_000);
    await own.advance(1_600_000_000_000);
    expect(await own.watermark()).toBe(1_700_000_000_000);
    await own.advance(1_800_000_000_000);
    expect(await readdir(join(folder, 'watermarks', 'archive', 'watermark'))).toEqual(['1800000000000']);
  });
});

describe('an archive in the payload store', () => {
  it('loses no call to kill -9, and two facades write each call once', async () => {
    const environment = await testEnvironment({
      HOLDFAST_ARCHIVE: 'payload-store',
      HOLDFAST_ARCHIVE_SECONDS: '1',
    });
    const archive = join(environment.HOLDFAST_DATA_DIR, 'payloads', 'archive');
    const agent = await startAgent(() => ({ status: 401 }));
    const node = await startNodeProcess(environment);
    await node.http.register('refuses', agent.port);
    const ids: string[] = [];
    const fail = async (count: number): Promise<void> => {
      const answers = await Promise.all(
        Array.from({ length: count }, () => node.http.call({ agent_name: 'refuses', prompt: 'x' })),
      );
      ids.push(...answers.map(({ body }) => String(body.call_id)));
    };
    await fail(40);
    await expect.poll(async () => (await archivedIn(archive)).length, { interval: 5 }).toBeGreaterThan(0);
    node.process.kill('SIGKILL');
    await node.process.exited;

    const again = await startNodeProcess(samePlace(environment, node));
    const beside = await startNodeProcess({ ...environment, TEMPORAL_ADDRESS: again.temporalAddress });
    await expect.poll(() => archivedIn(archive)).toEqual([...ids].sort());
    expect((await replayed(fromPaths([archive]))).summary).toMatchObject({ total: 40, same: 40 });
    for (const { process } of [beside, again]) {
      process.kill('SIGTERM');
      await process.exited;
    }
    await agent.close();
    await rm(environment.HOLDFAST_DATA_DIR, { recursive: true, force: true });
  }, 120_000);
});
