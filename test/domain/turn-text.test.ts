import { expect, test } from 'vitest';
import { isReference, textBytes } from '../../src/domain/stored-text.ts';
import {
  commitOf,
  messagesOf,
  promptMessage,
  promptOf,
  responseOf,
  textsOf,
  turnWith,
  windowMessage,
  withPrompt,
  withTexts,
} from '../../src/domain/turn-text.ts';

const large = { ref: 'calls/c/hash', bytes: 70_000 };
const at = '2026-01-01T00:00:00.000Z';

test('a turn is a list of messages, with the texts of all their parts', () => {
  const parts = [
    { type: 'text', text: 'why' },
    { type: 'text', text: large },
  ] as const;
  const messages = [
    { role: 'user', content: parts },
    { role: 'assistant', content: 'a moment', agent: 'echo' },
    { role: 'assistant', content: 'so', agent: 'echo' },
  ] as const;
  const commit = { callId: 'c', messages };
  expect(textsOf(commit)).toEqual(['why', large, 'a moment', 'so']);
  expect(messagesOf(commit, at)).toEqual(
    messages.map((message) => ({ ...message, timestamp: at, callId: 'c' })),
  );
  for (const message of messagesOf({ ...commit, failed: true }, at, 'later'))
    expect(message).toMatchObject({ failed: true, supersededBy: 'later' });
});

test('an answered call leaves its question and the answer, in the form in which sessions are stored', () => {
  const commit = { callId: 'c', prompt: 'why?', answer: { agent: 'echo', content: large } };
  expect(textsOf(commit)).toEqual(['why?', large]);
  expect(JSON.stringify(messagesOf(commit, at))).toBe(
    JSON.stringify([
      { timestamp: at, role: 'user', content: 'why?', callId: 'c' },
      { timestamp: at, role: 'assistant', content: large, agent: 'echo', callId: 'c' },
    ]),
  );
});

test('a failed call leaves its question alone, marked as failed', () => {
  const commit = { callId: 'c', prompt: 'why?' };
  expect(textsOf(commit)).toEqual(['why?']);
  expect(messagesOf(commit, at)).toEqual([
    { timestamp: at, role: 'user', content: 'why?', callId: 'c', failed: true },
  ]);
});

const call = {
  callId: 'c',
  agentName: 'asked',
  prompt: 'why?',
  chain: [],
  unregistered: [],
  deadlineMs: 1_000,
  heartbeatTimeoutMs: 5_000,
};
const result = { chain: ['echo'], attempts: [], queuedMs: 0, agentName: 'echo', response: large };

test('the end of a call adds its question, what its caller attached, and the answer of the agent that gave it', () => {
  const turn = {
    state: 'granted',
    turnNumber: 1,
    grantedAt: 1,
    window: [],
    runId: 'run',
    life: 'present',
  } as const;
  const input = { ...call, sessionId: 's', userId: 'ann', metadata: { a: 1 }, rerunOf: 'earlier', turn };
  expect(commitOf(input, { endedAt: 7, result })).toEqual({
    callId: 'c',
    messages: [
      { role: 'user', content: 'why?' },
      { role: 'assistant', content: large, agent: 'echo' },
    ],
    userId: 'ann',
    metadata: { a: 1 },
    life: 'present',
    endedAt: 7,
  });
});

test('the end of a call without a result adds its question alone', () => {
  const turn = { state: 'queued', position: 1 } as const;
  for (const input of [call, { ...call, turn }])
    expect(Object.entries(commitOf({ ...input, prompt: large }, { endedAt: 7 }))).toEqual([
      ['callId', 'c'],
      ['messages', [{ role: 'user', content: large }]],
      ['failed', true],
      ['endedAt', 7],
    ]);
});

test('the end of a call says whether it was cancelled', () => {
  expect(commitOf(call, { endedAt: 7, failure: { status: 'cancelled' } })).toHaveProperty('cancelled', true);
  expect(commitOf(call, { endedAt: 7, failure: { status: 'failed' } })).not.toHaveProperty('cancelled');
});

test('a failed call that was interrupted says by which call; an answered one does not', () => {
  const commit = { callId: 'c', prompt: 'why?' };
  expect(messagesOf(commit, at, 'later')).toMatchObject([{ failed: true, supersededBy: 'later' }]);
  const answer = { agent: 'echo', content: 'so' };
  for (const message of messagesOf({ ...commit, answer }, at, 'later'))
    expect(message).not.toHaveProperty('supersededBy');
});

test('the texts of a turn are replaced one after the other, and all else of it stays', async () => {
  const replaced: unknown[] = [];
  const replace = (text: unknown) => {
    replaced.push(text);
    return Promise.resolve('kept');
  };
  const commit = { callId: 'c', prompt: 'why?', userId: 'u' };
  expect(await withTexts(commit, replace)).toEqual({ callId: 'c', prompt: 'kept', userId: 'u' });
  const answered = { ...commit, answer: { agent: 'echo', content: large } };
  expect(await withTexts(answered, replace)).toEqual({
    ...answered,
    prompt: 'kept',
    answer: { agent: 'echo', content: 'kept' },
  });
  expect(await withTexts({ callId: 'c', ...turnWith('so?', answered.answer), userId: 'u' }, replace)).toEqual(
    {
      callId: 'c',
      ...turnWith('kept', { agent: 'echo', content: 'kept' }),
      userId: 'u',
    },
  );
  expect(replaced).toEqual(['why?', 'why?', large, 'so?', large]);
});

test('an agent sees the role and the text of a message, and nothing else of it', () => {
  const message = { role: 'user', content: 'hi', timestamp: at, callId: 'c' } as const;
  expect(windowMessage(message)).toEqual({ role: 'user', content: 'hi' });
  expect(promptMessage({ prompt: large })).toEqual({ role: 'user', content: large });
});

test('a text that is read is the one that was put in its place', () => {
  const input = { ...call, prompt: large };
  expect(promptOf(withPrompt(input, 'loaded'))).toBe('loaded');
  expect(responseOf({ response: large })).toBe(large);
});

test('a text in the payload store has the size that its reference says, another the size of its JSON', () => {
  expect([isReference(large), isReference('hi')]).toEqual([true, false]);
  expect([textBytes(large), textBytes('hi')]).toEqual([70_000, 4]);
});
