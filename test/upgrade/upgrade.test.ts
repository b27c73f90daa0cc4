/**
 * Sessions and calls that were under way before ADR 0035 end well with today's code. The data directory was recorded. With
 * UPGRADE_FROM=CHECKOUT it is made anew by that code (scripts/record-old-data.ts says which), so that no deadline has passed.
 */
import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ScriptedAgent } from '../agents/scripted-agent.ts';
import { inputOf } from '../rig/call-input.ts';
import type { Json } from '../rig/http-client.ts';
import { startTestNode, type TestNode } from '../rig/test-node.ts';
import { makeOldData } from './make-old-data.ts';
import { answerTo, echo, settings, startOldAgent, storms, type OldData } from './old-data.ts';
import { unpackOldData } from './recorded-data.ts';

const checkout = process.env['UPGRADE_FROM'];

describe('after an upgrade', () => {
  let agent: ScriptedAgent;
  let test: TestNode;
  let data: OldData;

  beforeAll(
    async () => {
      const old = checkout === undefined ? await unpackOldData() : await makeOldData(checkout);
      ({ data } = old);
      agent = await startOldAgent(echo);
      test = await startTestNode({ ...settings, HOLDFAST_DATA_DIR: old.dataDir });
    },
    checkout === undefined ? undefined : 600_000,
  );
  afterAll(async () => {
    await test.close(); // Every history replays on today's code.
    await agent.close();
  });

  const call = (prompt: string): WorkflowHandle =>
    test.temporal.workflow.getHandle(`call-${data.callIds[prompt] ?? ''}`);
  const ended = (prompt: string) => call(prompt).result();
  const messages = async (sessionId: string): Promise<Json[]> =>
    (await test.http.get(`/api/vps/sessions/${encodeURIComponent(sessionId)}`)).body['messages'] as Json[];
  const contents = async (sessionId: string) => (await messages(sessionId)).map(({ content }) => content);
  const withAnswers = (...prompts: string[]): string[] =>
    prompts.flatMap((prompt) => [prompt, answerTo(prompt)]);
  const next = async (sessionId: string): Promise<string> => {
    const prompt = `next in ${sessionId}`;
    const { status, body } = await test.http.call({ agent_name: 'helper', prompt, session_id: sessionId });
    expect({ status, body }).toMatchObject({
      status: 200,
      body: { response: answerTo(prompt), session_stored: true },
    });
    return String(body['call_id']);
  };

  it('a call that was terminated with its turn leaves a failed message, which the first read shows', async () => {
    const before = withAnswers('before a call that was terminated');
    const [first, second, failed, ...more] = await messages('terminated');
    expect([first?.content, second?.content]).toEqual(before);
    expect(failed).toMatchObject({ content: 'asked and terminated', failed: true });
    expect(more).toEqual([]);
    await next('terminated');
    expect(await contents('terminated')).toEqual([
      ...before,
      'asked and terminated',
      ...withAnswers('next in terminated'),
    ]);
  });

  it('a call that was asking in its task is asked again, and those that waited for it follow in their order', async () => {
    await next('task');
    const prompts = ['asked in a task', 'waits for a task', 'waits for both', 'next in task'];
    expect(await contents('task')).toEqual(withAnswers(...prompts));
    for (const prompt of prompts.slice(0, 3))
      expect(await ended(prompt)).toMatchObject({ sessionStored: true });
  });

  it('a call whose agent an activity asked is asked again, or overdue, and the call that waited for it follows', async () => {
    const wasAsked = await ended('asked by an activity').then(
      () => true,
      () => false,
    );
    expect(wasAsked).toBe(Date.now() < data.overdueAt);
    expect(await ended('waits for an activity')).toMatchObject({ sessionStored: true });
    await next('activity');
    const answered = (await messages('activity')).filter(({ failed }) => failed !== true);
    expect(answered.map(({ content }) => content)).toEqual(
      withAnswers(...(wasAsked ? ['asked by an activity'] : []), 'waits for an activity', 'next in activity'),
    );
  });

  it('a call that had its turn but no task yet is asked', async () => {
    expect(await ended('granted its turn')).toMatchObject({ sessionStored: true });
    await next('granted');
    expect(await contents('granted')).toEqual(
      withAnswers('before the upgrade', 'granted its turn', 'next in granted'),
    );
  });

  it('the turn of a call that never started passes to the one that waits', async () => {
    expect(await ended('waits for a call that never started')).toMatchObject({ sessionStored: true });
    await next('never started');
    expect(await contents('never started')).toEqual(
      withAnswers(
        'before a call that never started',
        'waits for a call that never started',
        'next in never started',
      ),
    );
  });

  it('a call that had ended while its session could not handle that is in its session at the first read', async () => {
    expect(data.endedUntold).toContain('ended untold');
    const before = ['before a call that ended untold', 'ended untold'];
    expect(await contents('untold')).toEqual(withAnswers(...before));
    await next('untold');
    expect(await contents('untold')).toEqual(withAnswers(...before, 'next in untold'));
  });

  it('calls that were ending are in their sessions once', async () => {
    for (const name of storms) {
      if (data.endedUntold.includes(name)) expect(await contents(name)).toEqual(withAnswers(name));
      await ended(name);
      await next(name);
      expect(await contents(name)).toEqual(withAnswers(name, `next in ${name}`));
    }
  });

  it('no agent is asked for a call that had ended', () => {
    const asked = agent.requests.map(({ callKey }) => callKey?.split('/')[0]); // The agent follows.
    expect(asked).toContain(data.callIds['asked in a task']);
    for (const prompt of data.ended) expect(asked).not.toContain(data.callIds[prompt]);
  });

  it('a session keeps its messages, and takes endings over once it has continued as new', async () => {
    const turns = Array.from({ length: 8 }, (_, turn) => `turn ${turn}`);
    const before = await contents('chat');
    expect(before.map((content) => String(content).replace(/\.+$/, ''))).toEqual(withAnswers(...turns));
    const session = test.temporal.workflow.getHandle('session-chat');
    const { runId } = await session.describe();
    let calls = 0;
    do {
      const { turn } = await inputOf(test.temporal, await next('chat'));
      expect(turn?.endsByItself).toBeUndefined();
      calls += 1;
    } while ((await session.describe()).runId === runId);
    const { turn } = await inputOf(test.temporal, await next('chat'));
    expect(turn?.endsByItself).toBe(true);
    const added = Array.from({ length: calls + 1 }, () => 'next in chat');
    expect(await contents('chat')).toEqual([...before, ...withAnswers(...added)]);
  });
});
