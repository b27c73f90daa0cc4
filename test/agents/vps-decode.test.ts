import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decode } from '../../src/agents/formats/vps/decode.ts';
import { nestsDeeperThan } from '../../src/domain/json-levels.ts';
import { AgentError } from '../../src/agents/transport.ts';

const parse = (answer: unknown): string =>
  decode(Buffer.from(typeof answer === 'string' ? answer : JSON.stringify(answer)));
const textBlock = (text: string): object => ({ type: 'text', text });

/** Any text, control characters included, that is not only white space. */
const someText = fc
  .string({ unit: 'binary', minLength: 1 })
  .filter((text) => text.trim() !== '' && text.isWellFormed());
const otherBlock = fc.record({
  type: fc.constantFrom('thinking', 'tool_use', 'image', 'Text', ''),
  text: fc.jsonValue(),
});
const blocks = fc
  .array(fc.oneof(fc.string({ unit: 'binary' }).map(textBlock), otherBlock))
  .filter((list) => joined(list).trim() !== '' && joined(list).isWellFormed());
function joined(list: readonly object[]): string {
  return list.map((block) => ('type' in block && block.type === 'text' ? textOf(block) : '')).join('');
}
function textOf(block: object): string {
  return 'text' in block ? String(block.text) : '';
}
/** Members that an answer may have beside its content. */
const extras = fc.dictionary(
  fc.string().filter((name) => !['content', 'message', 'error', '__proto__'].includes(name)),
  fc.jsonValue(),
);

test('text as content, as message or as message.content comes back exactly', () => {
  fc.assert(
    fc.property(someText, extras, (text, more) => {
      expect(parse({ ...more, content: text })).toBe(text);
      expect(parse({ ...more, message: text })).toBe(text);
      expect(parse({ ...more, message: { role: 'assistant', content: text } })).toBe(text);
    }),
  );
});

test('text blocks come back joined, blocks of other types are ignored', () => {
  fc.assert(
    fc.property(blocks, (list) => {
      expect(parse({ content: list })).toBe(joined(list));
      expect(parse({ message: { content: list } })).toBe(joined(list));
    }),
  );
});

const hostile = fc.oneof(
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  fc.json({ maxDepth: 8 }).map((text) => Buffer.from(text)),
  fc
    .dictionary(
      fc.constantFrom('content', 'message', 'error', 'type', 'text', '__proto__', 'constructor'),
      fc.oneof(fc.jsonValue(), fc.array(fc.dictionary(fc.constantFrom('type', 'text'), fc.jsonValue()))),
    )
    .map((answer) => Buffer.from(JSON.stringify(answer))),
);

test('whatever bytes arrive, the outcome is text that is not blank or an invalid_response', () => {
  fc.assert(
    fc.property(hostile, (bytes) => {
      try {
        expect(decode(bytes).trim()).not.toBe('');
      } catch (error) {
        expect(error).toBeInstanceOf(AgentError);
        expect(error).toMatchObject({ type: 'invalid_response' });
        expect((error as AgentError).message.length).toBeLessThanOrEqual(500);
      }
    }),
    { numRuns: 500 },
  );
});

test('half of a surrogate pair is refused, whatever the size; two halves that make a pair are not', () => {
  for (const text of ['\ud800', `${'x'.repeat(100_000)}\udc00`, 'a\ud83d b'])
    expect(() => parse({ content: text })).toThrow(/half of a surrogate pair/);
  expect(parse({ content: [textBlock('\ud83d'), textBlock('\ude00')] })).toBe('😀');
});

test.each([
  ['a million opened lists', '['.repeat(1_000_000)],
  ['a million nested lists as content', `{"content":${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}}`],
  ['a million nested objects as error', `{"error":${'{"a":'.repeat(1e6)}1${'}'.repeat(1e6)},"content":"hi"}`],
  ['content by prototype', '{"__proto__":{"content":"hi"}}'],
  ['message content by prototype', '{"message":{"__proto__":{"content":"hi"}}}'],
  ['a block by prototype', '{"content":[{"__proto__":{"type":"text","text":"hi"}}]}'],
  ['a number as message', '{"message":1}'],
  ['a message inside a message', '{"message":{"content":{"content":"hi"}}}'],
  ['bare strings as blocks', '{"content":["hi"]}'],
  ['null among the blocks', '{"content":[{"type":"text","text":"hi"},null]}'],
  ['a text block whose text is a number', '{"content":[{"type":"text","text":1}]}'],
  ['blocks that are blank together', '{"content":[{"type":"text","text":" "},{"type":"text","text":"\\n"}]}'],
  ['false as content and a message', '{"content":false,"message":"hi"}'],
])('%s is invalid_response', (_what, text) => {
  expect(() => parse(text)).toThrow(expect.objectContaining({ type: 'invalid_response' }));
});

test('the nesting depth of JSON is counted without parsing it, ignoring brackets and quotes in strings', () => {
  const levelsOf = (value: unknown): number => {
    if (typeof value !== 'object' || value === null) return 0;
    return 1 + Math.max(0, ...Object.values(value).map(levelsOf));
  };
  fc.assert(
    fc.property(fc.json({ stringUnit: fc.constantFrom('"', '\\', '[', '}', 'x') }), (json) => {
      const levels = levelsOf(JSON.parse(json));
      expect(nestsDeeperThan(levels, Buffer.from(json))).toBe(false);
      if (levels > 0) expect(nestsDeeperThan(levels - 1, Buffer.from(json))).toBe(true);
    }),
  );
});

test.each([null, false, ''])('an error of %j beside content is no error', (error) => {
  expect(parse({ content: 'hi', error })).toBe('hi');
});

test('a content of null is ignored, and the message is the answer', () => {
  expect(parse({ content: null, message: 'hi' })).toBe('hi');
});

test('white space around the text is kept', () => {
  expect(parse({ content: '\n hi \n' })).toBe('\n hi \n');
});
