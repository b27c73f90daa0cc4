/** Sessions that continue as new all the time, with calls of two facades: no turn is lost, doubled or out of order (I4). */
import { expect, it } from 'vitest';
import { sessionWorkflowId } from '../../src/domain/ids.ts';
import type { HttpClient, Json } from '../rig/http-client.ts';
import { insist } from '../rig/insist.ts';
import { contentOf, startSession } from './session-facts.ts';
import { kill, statusOf } from './unseen-endings.ts';
import { useFacades, windowOf } from './use-facades.ts';

const facades = useFacades();

const callAt = async (
  { http }: { readonly http: HttpClient },
  session_id: string,
  prompt: string,
): Promise<Json> => (await http.call({ agent_name: 'echo', prompt, session_id })).body;

/** Expects that the session has exactly these turns, in any order, and that each call got the turns before it as its window. */
async function expectTurns(session: string, prompts: readonly string[], asked: number): Promise<unknown[]> {
  const texts = await facades.textsOf(session);
  const said = texts.filter((_, index) => index % 2 === 0);
  expect(texts).toEqual(said.flatMap((prompt) => [prompt, `re: ${String(prompt)}`]));
  expect([...said].sort()).toEqual([...prompts].sort());
  const windows = facades.echo.requests.slice(asked).map(windowOf);
  expect(windows).toEqual(said.map((_, turn) => texts.slice(0, 2 * turn + 1)));
  return said;
}

async function runsOf(session: string): Promise<number> {
  const query = `WorkflowId = '${sessionWorkflowId(session)}'`;
  return (await facades.node.temporal.workflow.count(query)).count;
}

const limits = { renewAtEvents: 20, windowMessages: 100 };
const prompts = (count: number): string[] => Array.from({ length: count }, (_, turn) => `turn ${turn}`);

it('40 calls one after the other, by turns at two facades, are 40 turns in their order', async () => {
  const { node, echo } = facades;
  const other = await node.startFacade();
  await startSession(node.temporal, 'one-by-one', limits);
  const asked = echo.requests.length;
  for (const [turn, prompt] of prompts(40).entries()) {
    const facade = Math.floor(turn / 2) % 2 ? other : node; // Two at each: the second takes along how the first ended.
    expect(await callAt(facade, 'one-by-one', prompt)).toMatchObject({ success: true, session_stored: true });
  }
  expect(await expectTurns('one-by-one', prompts(40), asked)).toEqual(prompts(40));
  await expect.poll(() => runsOf('one-by-one')).toBeGreaterThan(8);
}, 120_000);

it('30 calls at once at two facades are 30 turns, one at a time', async () => {
  const { node, echo } = facades;
  const other = await node.startFacade();
  await startSession(node.temporal, 'at-once', limits);
  const asked = echo.requests.length;
  // An update that meets a continue-as-new is tried again by the SDK after a second. On a slow machine it may be unlucky so often
  // that its facade answers 503.
  const https = [node.http, other.http];
  const answers = await Promise.all(
    prompts(30).map((prompt, turn) =>
      insist(turn % 2 ? https : https.toReversed(), { agent_name: 'echo', prompt, session_id: 'at-once' }),
    ),
  );
  for (const { body } of answers) expect(body).toMatchObject({ success: true, session_stored: true });
  await expectTurns('at-once', prompts(30), asked);
  await expect.poll(() => runsOf('at-once')).toBeGreaterThan(5);
}, 120_000);

it('30 calls at once of which half lose their facade are 30 turns as well', async () => {
  const { node, echo } = facades;
  const other = await node.startFacade();
  await startSession(node.temporal, 'half-killed', { ...limits, renewAtEvents: 100 });
  const asked = echo.requests.length;
  const send = (http: HttpClient, prompt: string) =>
    http.call({ agent_name: 'echo', prompt, session_id: 'half-killed' }, { Prefer: 'respond-async' });
  const accepted = prompts(30).map((prompt, turn) => send(turn % 2 ? other.http : node.http, prompt));
  const ids = (await Promise.all(accepted)).map(({ body }) => String(body.call_id));
  await kill(other);

  const stored = async () => (await contentOf(node.temporal, 'half-killed')).messages.length;
  await expect.poll(stored, { timeout: 60_000 }).toBeGreaterThanOrEqual(58); // The last is taken over by the read.
  await expectTurns('half-killed', prompts(30), asked);
  for (const id of ids)
    expect((await node.http.get(`/api/vps/calls/${id}`)).body).toMatchObject({
      status: 'completed',
      session_stored: true,
    });
}, 120_000);

it('an ending that is not taken over goes along into the next run', async () => {
  const { node } = facades;
  const other = await node.startFacade();
  await startSession(node.temporal, 'along', { ...limits, renewAtEvents: 7 });
  const { body } = await other.http.call(
    { agent_name: 'echo', prompt: 'turn 0', session_id: 'along' },
    { Prefer: 'respond-async' },
  );
  await kill(other);
  const handle = node.temporal.workflow.getHandle(sessionWorkflowId('along'));
  const { runId } = await handle.describe();
  await expect.poll(() => statusOf(node.temporal, String(body.call_id))).toBe('COMPLETED');
  expect((await contentOf(node.temporal, 'along')).holderId).toBe(body.call_id);

  for (const prompt of ['turn 1', 'turn 2', 'turn 3'])
    expect(await callAt(node, 'along', prompt)).toMatchObject({ session_stored: true });

  expect(await facades.textsOf('along')).toEqual(prompts(4).flatMap((prompt) => [prompt, `re: ${prompt}`]));
  expect((await handle.describe()).runId).not.toBe(runId);
});

it('an update that is refused does not make a session continue as new, since its task leaves no event', async () => {
  const { temporal } = facades.node;
  const withHolder = async (session: string, renewAtEvents: number) => {
    await startSession(temporal, session, { ...limits, renewAtEvents });
    const handle = temporal.workflow.getHandle(sessionWorkflowId(session));
    await handle.executeUpdate('openTurn', { args: ['never started'] });
    return handle;
  };
  const { historyLength } = await (await withHolder('measured', 1_000)).describe();
  const handle = await withHolder('refusing', historyLength + 1);
  const { runId } = await handle.describe();
  const append = { id: 'one', fingerprint: 'of it', messages: [] };
  for (let tries = 0; tries < 3; tries++)
    await expect(handle.executeUpdate('appendMessages', { args: [append] })).rejects.toThrow();
  expect(await handle.describe()).toMatchObject({ runId });

  await handle.executeUpdate('openTurn', { args: ['waits'] });
  await expect.poll(async () => (await handle.describe()).runId).not.toBe(runId);
});
