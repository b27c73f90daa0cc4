import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { SessionMessage, WindowMessage } from '../../src/domain/message.ts';
import type { SessionLimits } from '../../src/domain/session.ts';
import { anyText } from './support.ts';
import { answered, failed, message, openBook } from './session-support.ts';

function windowOf(
  messages: readonly SessionMessage[],
  limits: Partial<SessionLimits> = {},
): readonly WindowMessage[] {
  const reply = openBook(limits, { messages }).openTurn('next', 0);
  if (reply.state !== 'granted') throw new Error(`the turn is ${reply.state}`);
  return reply.window;
}

/** The messages of calls: a prompt and its answer, or a failed prompt. */
const turn = fc
  .tuple(anyText, anyText, fc.boolean())
  .map(([prompt, answer, success]) =>
    success
      ? [message('user', prompt), message('assistant', answer, { agent: 'echo' })]
      : [message('user', prompt, { failed: true })],
  );
const turns = fc.array(turn, { maxLength: 20 }).map((list) => list.flat());
/** Messages as an import may contain them. */
const imported = fc.array(
  fc
    .tuple(fc.constantFrom('user' as const, 'assistant' as const, 'system' as const), anyText)
    .map(([role, content]) => message(role, content)),
  { maxLength: 20 },
);
const messages = fc.oneof(turns, imported);
const limits = fc.record({
  windowMessages: fc.integer({ min: 1, max: 12 }),
  windowBytes: fc.integer({ min: 0, max: 1_000 }),
});

const bytes = (window: readonly WindowMessage[]): number =>
  window.reduce((sum, { content }) => sum + Buffer.byteLength(JSON.stringify(content)), 0);
const sendable = (list: readonly SessionMessage[]): WindowMessage[] =>
  list.filter((one) => !one.failed).map(({ role, content }) => ({ role, content }));

test('the window is the end of the conversation without failed prompts, within both limits', () => {
  fc.assert(
    fc.property(messages, limits, (list, bounds) => {
      const window = windowOf(list, bounds);
      expect(window.length).toBeLessThanOrEqual(bounds.windowMessages);
      expect(bytes(window)).toBeLessThanOrEqual(bounds.windowBytes);
      expect(window).toEqual(sendable(list).slice(sendable(list).length - window.length));
    }),
  );
});

test('the window begins with a prompt, never with an answer whose prompt was cut', () => {
  fc.assert(
    fc.property(turns, limits, (list, bounds) => {
      expect(windowOf(list, bounds)[0]?.role ?? 'user').toBe('user');
    }),
  );
});

test('the window contains every message that fits', () => {
  fc.assert(
    fc.property(messages, limits, (list, bounds) => {
      const all = sendable(list);
      const first = all.length - windowOf(list, bounds).length;
      for (const [i, { role }] of all.slice(0, first).entries()) {
        const longer = all.slice(i);
        const fits = longer.length <= bounds.windowMessages && bytes(longer) <= bounds.windowBytes;
        expect(fits && role !== 'assistant').toBe(false);
      }
    }),
  );
});

test('a window of exactly the limits is complete', () => {
  const list = [message('user', 'one'), message('assistant', 'two')];
  expect(windowOf(list, { windowMessages: 2, windowBytes: 10 })).toHaveLength(2);
  expect(windowOf(list, { windowMessages: 2, windowBytes: 9 })).toEqual([]);
  expect(windowOf(list, { windowMessages: 1, windowBytes: 10 })).toEqual([]);
});

test('a message that does not fit ends the window: nothing older is in it', () => {
  const list = [message('user', 'old'), message('system', 'x'.repeat(100)), message('user', 'new')];
  expect(windowOf(list, { windowBytes: 50 })).toEqual([{ role: 'user', content: 'new' }]);
});

test('an agent gets roles and contents only, without agent names, times or call ids', () => {
  const book = openBook();
  for (const commit of [answered('c1'), failed('c2')]) {
    book.openTurn(commit.callId, 0);
    book.commit(commit, 0);
  }
  expect(book.openTurn('c3', 0)).toMatchObject({
    window: [
      { role: 'user', content: 'ask c1' },
      { role: 'assistant', content: 're: c1' },
    ],
  });
  expect(Object.keys(windowOf(book.read().messages)[0] ?? {})).toEqual(['role', 'content']);
});
