/** The settings of a session: its system prompt, and a window that is narrower than the node's limits. */
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { SessionBook } from '../../src/domain/session-book.ts';
import type { SessionMessage, WindowMessage } from '../../src/domain/message.ts';
import type { SessionLimits, SettingsChange, WindowLimits } from '../../src/domain/session.ts';
import { contentCharacters } from '../../src/domain/content.ts';
import { charactersIn, textCharacters } from '../../src/domain/stored-text.ts';
import { anyText } from './support.ts';
import { isoAfter, message, openBook, startedAt, throughJson } from './session-support.ts';

function windowOf(book: SessionBook): readonly WindowMessage[] {
  const reply = book.openTurn('next', startedAt);
  if (reply.state !== 'granted') throw new Error(`the turn is ${reply.state}`);
  return reply.window;
}

function windowWith(
  messages: readonly SessionMessage[],
  change: SettingsChange,
  limits: Partial<SessionLimits> = {},
): readonly WindowMessage[] {
  const book = openBook(limits, { messages });
  book.configure(change, startedAt);
  return windowOf(book);
}

const turnOf = (name: string, more: Partial<SessionMessage> = {}): SessionMessage[] => [
  message('user', `ask ${name}`, more),
  message('assistant', `re: ${name}`, { agent: 'echo' }),
];
const contents = (window: readonly WindowMessage[]): unknown[] => window.map(({ content }) => content);

describe('a system prompt', () => {
  it('is the first message of every window, and none of the messages', () => {
    const book = openBook({}, { messages: turnOf('one') });
    expect(book.configure({ system: 'Be brief.' }, startedAt + 3)).toEqual({ system: 'Be brief.' });
    expect(windowOf(book)).toEqual([
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'ask one' },
      { role: 'assistant', content: 're: one' },
    ]);
    expect(book.read()).toMatchObject({
      system: 'Be brief.',
      messages: { length: 2 },
      lastActivity: isoAfter(3),
    });
    expect(contents(windowWith([], { system: 'Be brief.' }))).toEqual(['Be brief.']);
  });

  it('takes room in bytes, not as a message, and stays if nothing else fits', () => {
    const messages = [...turnOf('one'), ...turnOf('two')];
    const system = 'x'.repeat(50);
    const fits = { windowMessages: 2, windowBytes: 70 }; // 52, and 9 for each of the two.
    expect(contents(windowWith(messages, { system }, fits))).toEqual([system, 'ask two', 're: two']);
    expect(contents(windowWith(messages, { system }, { ...fits, windowBytes: 69 }))).toEqual([system]);
    expect(contents(windowWith(messages, { system }, { windowMessages: 0 }))).toEqual([system]);
    const stored = { ref: 'sessions/x/y', bytes: 60 };
    expect(contents(windowWith(messages, { system: stored }, { windowBytes: 78 }))).toEqual([
      stored,
      'ask two',
      're: two',
    ]);
  });

  it('is replaced or removed, and stays as it is if only the window changes', () => {
    const book = openBook();
    book.configure({ system: 'first' }, startedAt);
    expect(book.configure({ window: { turns: 1 } }, startedAt)).toEqual({
      system: 'first',
      window: { turns: 1 },
    });
    expect(book.configure({ system: 'second' }, startedAt)).toEqual({
      system: 'second',
      window: { turns: 1 },
    });
    expect(book.configure({ window: { characters: 9 } }, startedAt).window).toEqual({ characters: 9 });
    expect(book.configure({ system: null }, startedAt)).toEqual({ window: { characters: 9 } });
    expect(book.configure({ window: null }, startedAt)).toEqual({});
    expect(Object.keys(book.read())).not.toContain('system');
  });
});

describe('a window of its own', () => {
  it('by turns begins with the user message of the oldest of them', () => {
    const messages = [
      ...turnOf('one'),
      message('user', 'failed', { failed: true }),
      message('system', 'note'),
      ...turnOf('two'),
      message('user', 'only asked'),
      ...turnOf('three'),
    ];
    const by = (turns: number) => contents(windowWith(messages, { window: { turns } }));
    expect(by(0)).toEqual([]);
    expect(by(1)).toEqual(['ask three', 're: three']);
    expect(by(2)).toEqual(['only asked', 'ask three', 're: three']);
    expect(by(3)).toEqual(['note', 'ask two', 're: two', 'only asked', 'ask three', 're: three']);
    expect(by(4)).toHaveLength(8);
    expect(by(99)).toHaveLength(8);
  });

  it('by characters has the newest messages whose texts fit, also of texts in the payload store', () => {
    const stored = { ref: 'sessions/x/y', bytes: 102, characters: 50 };
    const messages = [...turnOf('1234'), message('user', '', {}), message('assistant', '😀😀')].map(
      (one, index) => (index === 2 ? { ...one, content: stored } : one),
    );
    const by = (characters: number) => contents(windowWith(messages, { window: { characters } }));
    expect(by(51)).toEqual([]); // The answer alone is no window.
    expect(by(52)).toEqual([stored, '😀😀']);
    expect(by(67)).toEqual([stored, '😀😀']);
    expect(by(68)).toEqual(['ask 1234', 're: 1234', stored, '😀😀']);
  });

  it('is never wider than the limits of the node', () => {
    const messages = [...turnOf('one'), ...turnOf('two'), ...turnOf('three')];
    const wide = { window: { turns: 99, characters: 9_999 } };
    expect(contents(windowWith(messages, wide, { windowMessages: 2 }))).toEqual(['ask three', 're: three']);
    expect(contents(windowWith(messages, wide, { windowBytes: 25 }))).toEqual(['ask three', 're: three']);
  });

  it('does not decide what the session holds, so that a wider one takes effect at once', () => {
    const book = openBook({ windowMessages: 8, olderBytes: 1_024 });
    book.configure({ window: { turns: 1 } }, startedAt);
    for (const name of ['one', 'two', 'three', 'four']) for (const one of turnOf(name)) book.append(one);
    expect(book.overflow()).toBeUndefined();
    expect(windowOf(book)).toHaveLength(2);
    book.configure({ window: null }, startedAt);
    expect(windowOf(book)).toHaveLength(8);
  });
});

test('the settings outlive a continue-as-new, and a session with settings stays although it is empty', () => {
  const change: SettingsChange = { system: { ref: 'r', bytes: 9, characters: 7 }, window: { turns: 3 } };
  const book = openBook();
  expect(book.isUnused).toBe(true);
  book.configure(change, startedAt);
  expect(book.isUnused).toBe(false);
  const renewed = new SessionBook(throughJson(book.state()), {
    maxQueued: 1,
    windowMessages: 9,
    windowBytes: 999,
  });
  expect(renewed.state()).toEqual(book.state());
  expect(renewed.read()).toMatchObject(change);
  renewed.configure({ system: null, window: null }, startedAt);
  expect(renewed.isUnused).toBe(false);
});

test('the window with limits of its own is the end of the window without them, and within them', () => {
  const messages = fc.array(
    fc
      .tuple(fc.constantFrom('user' as const, 'assistant' as const, 'system' as const), anyText, fc.boolean())
      .map(([role, content, failed]) =>
        message(role, content, failed && role === 'user' ? { failed: true } : {}),
      ),
    { maxLength: 25 },
  );
  const limits: fc.Arbitrary<WindowLimits> = fc.record({
    turns: fc.option(fc.integer({ min: 0, max: 6 }), { nil: undefined }),
    characters: fc.option(fc.integer({ min: 0, max: 300 }), { nil: undefined }),
  });
  fc.assert(
    fc.property(messages, limits, (list, window) => {
      const whole = windowOf(openBook({}, { messages: list }));
      const narrow = windowWith(list, { window });
      expect(narrow).toEqual(whole.slice(whole.length - narrow.length));
      const { turns = Infinity, characters = Infinity } = window;
      expect(narrow.filter(({ role }) => role === 'user').length).toBeLessThanOrEqual(turns);
      const sum = narrow.reduce((total, { content }) => total + contentCharacters(content), 0);
      expect(sum).toBeLessThanOrEqual(characters);
      expect(narrow[0]?.role).not.toBe('assistant');
    }),
  );
});

test('characters are those that people count, not UTF-16 units, and of an older reference at most its bytes', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const characters = Array.from(text).length;
      expect(charactersIn(text)).toBe(characters);
      expect(textCharacters(text)).toBe(characters);
    }),
  );
  expect(textCharacters({ ref: 'r', bytes: 12 })).toBe(12);
  expect(textCharacters({ ref: 'r', bytes: 12, characters: 4 })).toBe(4);
});
