/** Which messages move from a session's workflow to the payload store, and that none is lost or moved twice. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SessionBook } from '../../src/domain/session-book.ts';
import type { SessionMessage } from '../../src/domain/message.ts';
import type { SessionSegment } from '../../src/domain/session.ts';
import { message, openBook, startedAt, throughJson } from './session-support.ts';

const limits = { maxQueued: 10, windowMessages: 4, windowBytes: 2_000, olderBytes: 3_000 };
const text = fc.oneof(
  fc.string({ maxLength: 600 }),
  fc.integer({ min: 1, max: 5_000 }).map((bytes) => ({ ref: `sessions/x/${bytes}`, bytes })),
);
const messages = fc.array(
  fc
    .tuple(fc.constantFrom('user' as const, 'assistant' as const), text, fc.boolean())
    .map(([role, content, failed]) => ({
      ...message(role, ''),
      content,
      ...(failed && { failed: true as const }),
    })),
  { maxLength: 60, size: 'max' },
);

test('the segments and the remaining messages are the whole session in order, and moving does not change the window', () => {
  fc.assert(
    fc.property(messages, (list) => {
      const moving = openBook(limits);
      const staying = openBook({ ...limits, olderBytes: Infinity });
      const segments: SessionSegment[] = [];
      for (const one of list) {
        moving.append(one);
        staying.append(one);
        const segment = moving.overflow();
        if (segment) {
          segments.push(segment);
          moving.movedOut(segment, `key ${segments.length}`);
          expect(moving.overflow()).toBeUndefined();
        }
      }
      const stored = segments.flatMap((segment) => segment.messages);
      expect([...stored, ...moving.read().messages]).toEqual(list);
      expect(moving.read().older).toEqual(
        segments.length === 0 ? undefined : { key: `key ${segments.length}`, count: stored.length },
      );
      expect(segments.map(({ older }) => older?.key)).toEqual(
        segments.map((_segment, index) => (index === 0 ? undefined : `key ${index}`)),
      );
      expect(moving.openTurn('next', startedAt)).toEqual(staying.openTurn('next', startedAt));
    }),
  );
});

test('a session workflow holds a bounded amount of data, however long the session is', () => {
  const book = openBook({ windowMessages: 1_000, windowBytes: 1e9, olderBytes: 10_000 });
  for (let i = 0; i < 5_000; i++) {
    book.append(message('user', 'x'.repeat(3_000), i % 2 ? {} : { failed: true }));
    const segment = book.overflow();
    if (segment) book.movedOut(segment, String(i));
  }
  expect(JSON.stringify(book.state()).length).toBeLessThan(700_000);
  const failures = openBook({ olderBytes: 10_000 });
  for (let i = 0; i < 5_000; i++) {
    failures.append(message('user', 'x', { failed: true }));
    const segment = failures.overflow();
    if (segment) failures.movedOut(segment, String(i));
  }
  expect(failures.read().messages.length).toBeLessThan(1_100);
});

test('messages that arrive while a segment is being stored are kept', () => {
  const book = openBook(limits);
  const list: SessionMessage[] = Array.from({ length: 20 }, (_, i) => message('user', `${i}`.repeat(100)));
  for (const one of list) book.append(one);
  const segment = book.overflow() ?? { messages: [] };
  book.append(message('user', 'meanwhile'));
  book.movedOut(segment, 'key');
  expect(segment.messages.length).toBeGreaterThan(5);
  expect(book.read().messages).toEqual([
    ...list.slice(segment.messages.length),
    message('user', 'meanwhile'),
  ]);
  const renewed = new SessionBook(throughJson(book.state()), limits);
  expect(renewed.read()).toEqual(book.read());
});

test('a session without the limit olderBytes keeps all its messages', () => {
  const book = openBook();
  for (let i = 0; i < 500; i++) book.append(message('user', 'x'.repeat(1_000)));
  expect(book.overflow()).toBeUndefined();
});
