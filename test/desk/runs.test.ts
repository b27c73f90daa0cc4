import { expect, test } from 'vitest';
import type { Message } from '../../src/contract/sessions.ts';
import { joined, type Run } from '../../web/src/sessions/runs.ts';

const message = (content: string): Message => ({
  timestamp: '2026-01-01T00:00:00.000Z',
  role: 'user',
  content,
  agent: null,
  call_id: null,
  failed: false,
});
const run = (first: number, ...contents: string[]): Run => ({ first, messages: contents.map(message) });
const textOf = ({ first, messages }: Run): string => `${first}: ${messages.map((one) => one.content).join()}`;

test.each([
  ['older messages come first', run(2, 'c', 'd'), run(0, 'a', 'b'), '0: a,b,c,d'],
  ['newer messages come last', run(0, 'a', 'b'), run(2, 'c'), '0: a,b,c'],
  [
    'a message that was read again replaces itself',
    run(0, 'a', 'b', 'c'),
    run(1, 'B', 'C', 'D'),
    '0: a,B,C,D',
  ],
  ['an inner part is replaced', run(0, 'a', 'b', 'c'), run(1, 'B'), '0: a,B,c'],
  ['behind a gap only the newer messages are left', run(0, 'a'), run(3, 'd'), '3: d'],
])('of two runs of messages, %s', (_what, before, added, expected) => {
  expect(textOf(joined(before, added))).toBe(expected);
});
