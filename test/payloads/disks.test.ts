/** A node on disks that become full: it reports that at once, refuses new work, and continues when there is space. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startAgent, type ScriptedAgent } from '../agents/scripted-agent.ts';
import { canMount, mountSmallDisk, type SmallDisk } from '../rig/small-disk.ts';
import { startTestNode, type TestNode } from '../rig/test-node.ts';

const mebibyte = 1024 * 1024;

describe.runIf(canMount())('a node on disks that become full (skipped if none can be mounted)', () => {
  let data: SmallDisk;
  let payloads: SmallDisk;
  let test: TestNode;
  let agent: ScriptedAgent;

  beforeAll(async () => {
    data = mountSmallDisk(512);
    payloads = mountSmallDisk(8);
    test = await startTestNode({
      HOLDFAST_DATA_DIR: join(data.path, 'data'),
      HOLDFAST_PAYLOAD_STORE: payloads.path,
      HOLDFAST_PAYLOAD_RESERVE_MIB: '2',
      HOLDFAST_DISK_RESERVE_MIB: '1', // Of both disks.
    });
    agent = await startAgent(({ body }) => {
      const { messages } = body as { messages: { content: string }[] };
      return { body: { content: 'x'.repeat(Number(messages.at(-1)?.content) || 1) } };
    });
    await test.http.register('sized', agent.port);
  });
  afterAll(async () => {
    await test.close();
    await agent.close();
    data.unmount();
    payloads.unmount();
  });

  it('an answer that does not fit fails its own call only, and smaller answers are stored', async () => {
    await test.http.call({ agent_name: 'sized', prompt: '20000' });
    payloads.fill(1.6 * mebibyte);
    const call = { agent_name: 'sized', prompt: String(4 * mebibyte - 100), deadline_seconds: 12 };
    const large = await test.http.call(call);
    expect(large.body).toMatchObject({ success: false, error_type: 'internal' });
    expect(large.body.error).toContain('no room for');
    expect(await readdir(join(payloads.path, '.tmp'))).toEqual([]);

    const small = await test.http.call({ agent_name: 'sized', prompt: '20000' });
    expect(small.body).toMatchObject({ success: true, response: 'x'.repeat(20_000) });

    const refused = await test.http.call({ agent_name: 'sized', prompt: 'p'.repeat(20_000) });
    expect(refused).toMatchObject({ status: 503, body: { error_type: 'payload_store_unavailable' } });
    expect(refused.body.detail).toContain('HOLDFAST_PAYLOAD_RESERVE_MIB');
    expect(refused.headers.get('Retry-After')).not.toBeNull();
    expect(refused.headers.get('Location')).toBeNull();
    payloads.free();
    expect((await test.http.call({ agent_name: 'sized', prompt: 'p'.repeat(20_000) })).body.success).toBe(
      true,
    );
  });

  it('a full data directory makes /readyz fail and calls are refused at once, until there is space', async () => {
    const ready = async (): Promise<unknown> => (await test.http.get('/readyz')).body.error_type;
    expect(await ready()).toBeUndefined();
    data.fill(0.9 * mebibyte);
    await expect.poll(ready, { interval: 50, timeout: 5_000 }).toBe('disk_full');
    const asked = agent.requests.length;
    const refused = await test.http.call({ agent_name: 'sized', prompt: '1' });
    expect(refused).toMatchObject({ status: 503, body: { error_type: 'disk_full' } });
    expect(refused.body.detail).toContain('HOLDFAST_DISK_RESERVE_MIB');
    expect(refused.headers.get('Retry-After')).not.toBeNull();
    expect(refused.headers.get('Location')).toBeNull();
    expect(agent.requests).toHaveLength(asked);
    data.free();
    await expect.poll(ready, { interval: 50, timeout: 5_000 }).toBeUndefined();
    expect((await test.http.call({ agent_name: 'sized', prompt: '1' })).body.success).toBe(true);
  });
});
