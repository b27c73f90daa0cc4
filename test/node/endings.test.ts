/** Every ending reaches the log once: also those that no code of ours has seen, and whatever is killed meanwhile. */
import { Client, Connection } from '@temporalio/client';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ProductProcess, startNodeProcess } from '../rig/node-process.ts';
import { startTemporalServer } from '../rig/server-process.ts';
import { resetRun } from '../api/reset-run.ts';
import { agentOf, gatedAgent, place, startAsync } from './kill-support.ts';
import { endingsIn, segmentsIn } from './endings-log.ts';

/** So that a test need not wait a minute until a time counts as read. */
const margin = { HOLDFAST_ENDINGS_MARGIN_SECONDS: '5' };

async function clientOf(address: string): Promise<Client> {
  const connection = await Connection.connect({ address });
  onTestFinished(() => connection.close());
  return new Client({ connection });
}

describe('the log of endings', () => {
  it('has each call once, with its attempts, and says when nothing is missing', async () => {
    const environment = await place(margin);
    const node = await startNodeProcess(environment);
    const answers = await agentOf(({ attempt }) =>
      attempt === 1 ? { status: 500 } : { body: { content: 'yes' } },
    );
    const refuses = await agentOf(() => ({ status: 401 }));
    await node.http.register('answers', answers.port, { max_retries: 1 });
    await node.http.register('refuses', refuses.port, { fallback_agents: ['answers'] });
    const completed = await node.http.call({ agent_name: 'refuses', prompt: 'x', session_id: 'secret' });
    await node.http.register('refuses', refuses.port, { fallback_agents: [] });
    const failed = await node.http.call({ agent_name: 'refuses', prompt: 'x', user_id: 'secret' });

    await expect
      .poll(() => endingsIn(environment.HOLDFAST_DATA_DIR))
      .toMatchObject([
        {
          callId: completed.body.call_id,
          agent: 'refuses',
          answeredBy: 'answers',
          outcome: 'completed',
          queuedMs: 0,
          attempts: [
            { agent: 'refuses', errorType: 'auth', tries: 1 },
            { agent: 'answers', tries: 2 },
          ],
        },
        {
          callId: failed.body.call_id,
          agent: 'refuses',
          outcome: 'failed',
          errorType: 'auth',
          attempts: [{ agent: 'refuses', errorType: 'auth', tries: 1 }],
        },
      ]);
    const endings = await endingsIn(environment.HOLDFAST_DATA_DIR);
    expect(JSON.stringify(endings)).not.toContain('secret');
    await expect
      .poll(async () => (await segmentsIn(environment.HOLDFAST_DATA_DIR)).at(-1)?.until, { timeout: 40_000 })
      .toBeGreaterThan(endings.at(-1)?.endedAt ?? Infinity);
  }, 60_000);

  it('has the calls that ended while no node ran: terminated, overdue, and answered by a worker that died at once', async () => {
    const server = await startTemporalServer();
    const environment = await place({ ...margin, TEMPORAL_ADDRESS: server.address });
    const temporal = await clientOf(server.address);
    const node = await startNodeProcess(environment);
    const { agent, open } = await gatedAgent();
    await node.http.register('gated', agent.port);
    const answered = await startAsync(node.http, { agent_name: 'gated', prompt: 'x' });
    const terminated = await startAsync(node.http, { agent_name: 'gated', prompt: 'x' });
    const overdue = await startAsync(node.http, { agent_name: 'gated', prompt: 'x', deadline_seconds: 1 });
    await agent.waitForRequests(3);
    node.process.kill('SIGKILL');
    await node.process.exited;
    open();
    await temporal.workflow.getHandle(`call-${terminated}`).terminate();
    // Temporal ends a call a minute after its deadline, if no worker does.
    await expect(temporal.workflow.getHandle(`call-${overdue}`).result()).rejects.toThrow();
    // This worker is killed as soon as Temporal knows the answer, whether it has told anybody or not.
    const worker = new ProductProcess('worker.js', { ...environment, HOLDFAST_LOG_LEVEL: 'silent' });
    await temporal.workflow.getHandle(`call-${answered}`).result();
    worker.kill('SIGKILL');
    await worker.exited;

    await startNodeProcess(environment);

    await expect
      .poll(async () => byCall(await endingsIn(environment.HOLDFAST_DATA_DIR)), { timeout: 60_000 })
      .toEqual({
        [answered]: ['completed', undefined],
        [terminated]: ['cancelled', 'cancelled'],
        [overdue]: ['failed', 'deadline_exceeded'],
      });
  }, 180_000);

  it('has a second ending, which names the run before, for a call that somebody has reset', async () => {
    const server = await startTemporalServer();
    const environment = await place({ ...margin, TEMPORAL_ADDRESS: server.address });
    const temporal = await clientOf(server.address);
    const node = await startNodeProcess(environment);
    const agent = await agentOf(({ attempt }) => ({ body: { content: `answer ${attempt}` } }));
    await node.http.register('agent', agent.port);
    const call = await node.http.call({ agent_name: 'agent', prompt: 'x' });
    const callId = String(call.body.call_id);
    await expect.poll(() => endingsIn(environment.HOLDFAST_DATA_DIR)).toHaveLength(1);
    const [{ runId } = { runId: '' }] = await endingsIn(environment.HOLDFAST_DATA_DIR);

    await resetRun(temporal, callId);

    await expect.poll(() => endingsIn(environment.HOLDFAST_DATA_DIR)).toHaveLength(2);
    const [, again] = await endingsIn(environment.HOLDFAST_DATA_DIR);
    expect(again).toMatchObject({ callId, outcome: 'completed', resetFrom: runId });
    expect(again?.runId).not.toBe(runId);
  }, 60_000);

  it('loses and doubles nothing while nodes and the server are killed', async () => {
    const server = await startTemporalServer();
    const shared = { ...margin, TEMPORAL_ADDRESS: server.address };
    const environment = await place(shared);
    const beside = { ...environment, HOLDFAST_PORT: '0' };
    const agent = await agentOf(({ body }) => {
      const { messages } = body as { messages: { content: string }[] };
      return messages.at(-1)?.content === 'fail' ? { status: 401 } : { body: { content: 'yes' } };
    });
    let nodes = [await startNodeProcess(environment), await startNodeProcess(beside)];
    await nodes[0]?.http.register('agent', agent.port);
    const accepted: string[] = [];
    for (let round = 0; round < 4; round++) {
      const prompts = Array.from({ length: 30 }, (_, index) => (index % 5 === 0 ? 'fail' : 'answer'));
      await Promise.all(
        prompts.map(async (prompt, index) => {
          const ask = { agent_name: 'agent', prompt, session_id: `s${index}` };
          const node = nodes[index % nodes.length];
          const answer = await node?.http.call(ask, { Prefer: 'respond-async' }).catch(() => undefined);
          if (answer?.status === 202) accepted.push(String(answer.body.call_id));
        }),
      );
      if (round === 2) {
        await server.kill();
        await server.start();
        continue;
      }
      const [first, ...others] = nodes;
      first?.process.kill('SIGKILL');
      await first?.process.exited;
      nodes = [...others, await startNodeProcess(beside)];
    }
    expect(accepted.length).toBeGreaterThan(60);
    const ids = async () =>
      (await endingsIn(environment.HOLDFAST_DATA_DIR)).map(({ callId }) => callId).sort();
    await expect
      .poll(async () => (await ids()).filter((id) => accepted.includes(id)), { timeout: 90_000 })
      .toEqual([...accepted].sort());
    expect(new Set(await ids()).size).toBe((await ids()).length);
  }, 180_000);
});

function byCall(endings: readonly { callId: string; outcome: string; errorType?: string }[]) {
  return Object.fromEntries(
    endings.map(({ callId, outcome, errorType }) => [callId, [outcome, errorType]] as const),
  );
}
