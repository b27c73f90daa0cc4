import { expect, it } from 'vitest';
import type { Message } from '../../src/contract/sessions.ts';
import { endsTurn, lastTurnOf } from '../../web/src/sessions/turns.ts';

const message = (call_id: string | null, more: Partial<Message> = {}): Message => ({
  timestamp: '2026-01-01T00:00:00.000Z',
  role: 'user',
  content: `of ${call_id ?? 'nobody'}`,
  agent: null,
  call_id,
  failed: false,
  ...more,
});
const answer = (call_id: string): Message => message(call_id, { role: 'assistant', agent: 'echo' });
const notice = message(null, { role: 'system', lost: true });

it('a turn ends with the last message of its call, or with a message of no call', () => {
  const list = [
    notice,
    message('a'),
    answer('a'),
    message(null),
    message('b', { failed: true }),
    message('c'),
    answer('c'),
  ];
  expect(list.map((_, index) => endsTurn(list, index))).toEqual([
    false,
    false,
    true,
    true,
    true,
    false,
    true,
  ]);
});

it('the last turn is that of the last call, with its number in the session', () => {
  const answered = [message('a'), answer('a'), message('b'), answer('b')];
  expect(lastTurnOf(answered, 24)).toEqual({ callId: 'b', prompt: 'of b', answeredBy: 'echo', number: 22 });
  expect(lastTurnOf([...answered, message('c', { failed: true })], 5)).toMatchObject({
    answeredBy: null,
    number: 4,
  });
});

it('there is no last turn to repeat if nobody called or the prompt is lost', () => {
  expect(lastTurnOf([], 0)).toBeUndefined();
  expect(lastTurnOf([message('a'), answer('a'), message(null)], 3)).toBeUndefined();
  expect(lastTurnOf([message('a', { lost: true }), answer('a')], 2)).toBeUndefined();
});
