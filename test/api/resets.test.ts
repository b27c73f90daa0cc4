/** Calls are no longer reset by the API; a reset in Temporal, past Holdfast, still never doubles a turn (I4). */
import { describe, expect, it } from 'vitest';
import type { Json } from '../rig/http-client.ts';
import { endedCall } from './ended-call.ts';
import { expectProblem } from './problem.ts';
import { resetRun } from './reset-run.ts';
import { gated } from './scripts.ts';
import { useNode, type NodeInUse } from './use-node.ts';

const pathOf = (callId: string): string => `/api/vps/calls/${callId}`;

/** Resets the call, and waits until the new run has ended. */
async function resetInTemporal({ temporal, http }: NodeInUse, callId: string): Promise<Json> {
  await resetRun(temporal, callId);
  return endedCall(http, pathOf(callId));
}

/** Whose turns the session keeps, in order: role, text, and whether it is marked failed. */
async function messagesOf({ http }: NodeInUse, session: string): Promise<unknown[]> {
  const { messages } = (await http.get(`/api/vps/sessions/${session}`)).body as { messages: Json[] };
  return messages.map(({ role, content, failed }) => [role, content, failed]);
}

// The first task asks the agent itself, or the activity does.
describe.each(['500', '0'])(
  'where the first task waits %s ms for the agent',
  (HOLDFAST_FIRST_TASK_WAIT_MS) => {
    const node = useNode({ HOLDFAST_FIRST_TASK_WAIT_MS });

    it('the endpoint of resets answers 410 for any call, and names the rerun', async () => {
      const answer = await node.http.post(`${pathOf('any')}/reset`);
      expectProblem(answer, 410, 'reset_retired');
      expect(answer.body.detail).toContain('POST /api/vps/calls/any/rerun');
    });

    it('a call that had answered keeps its one turn, and the next call its own', async () => {
      await node.agent('answers', ({ attempt }) => ({ body: { content: `answer ${attempt}` } }));
      const ask = { agent_name: 'answers', prompt: 'first', session_id: 'answered' };
      const { call_id } = (await node.http.call(ask)).body;
      await node.http.call({ ...ask, prompt: 'second' });
      const before = await messagesOf(node, 'answered');

      const call = await resetInTemporal(node, String(call_id));

      expect(call).toMatchObject({ status: 'completed' });
      expect(before).toHaveLength(4);
      expect(await messagesOf(node, 'answered')).toEqual(before);
      expect((await node.http.call({ ...ask, prompt: 'third' })).body).toMatchObject({
        session_stored: true,
      });
      expect(await messagesOf(node, 'answered')).toHaveLength(6);
    });

    it('a call that had failed keeps its failed message and its rerun the one answer, though it answers now', async () => {
      let repaired = false;
      await node.agent('repaired', () => (repaired ? { body: { content: 'mended' } } : { status: 401 }));
      const ask = { agent_name: 'repaired', prompt: 'first', session_id: 'failed' };
      const { call_id } = (await node.http.call(ask)).body;
      expect(await messagesOf(node, 'failed')).toEqual([['user', 'first', true]]);
      repaired = true;
      const rerun = await node.http.post(`${pathOf(String(call_id))}/rerun`);
      expect(await endedCall(node.http, rerun.headers.get('Location') ?? '')).toMatchObject({
        response: 'mended',
        session_stored: true,
      });

      expect(await resetInTemporal(node, String(call_id))).toMatchObject({ response: 'mended' });

      expect(await messagesOf(node, 'failed')).toEqual([
        ['user', 'first', true],
        ['user', 'first', false],
        ['assistant', 'mended', false],
      ]);
    });

    it('a call that was terminated keeps its failed message, though it answers now', async () => {
      const gate = gated('in the end');
      const agent = await node.agent('gated', gate.script);
      const ask = { agent_name: 'gated', prompt: 'first', session_id: 'terminated' };
      const { call_id } = (await node.http.call(ask, { Prefer: 'respond-async' })).body;
      await agent.waitForRequests(1);
      const callId = String(call_id);
      // Until then the first task may be under way: there is nothing to reset it to.
      await expect.poll(() => activityScheduled(node, callId)).toBe(true);
      await node.temporal.workflow.getHandle(`call-${callId}`).terminate('by the test');
      await endedCall(node.http, pathOf(callId));
      gate.open();

      const call = await resetInTemporal(node, callId);

      expect(call).toMatchObject({ status: 'completed', response: 'in the end', session_stored: true });
      expect(await messagesOf(node, 'terminated')).toEqual([['user', 'first', true]]);
    });
  },
);

async function activityScheduled({ temporal }: NodeInUse, callId: string): Promise<boolean> {
  const { events } = await temporal.workflow.getHandle(`call-${callId}`).fetchHistory();
  return events?.some((event) => event.activityTaskScheduledEventAttributes) ?? false;
}
