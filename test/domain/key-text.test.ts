import { expect, it } from 'vitest';
import { digestOfKeyText, keyIdOf, newKeyText } from '../../src/domain/key-text.ts';

it('a key names its id, and a new secret of a key keeps it', () => {
  const { id, text } = newKeyText();
  expect(text).toMatch(/^hf_[0-9A-Za-z]{12}_[0-9A-Za-z]{38}$/);
  expect(keyIdOf(text)).toBe(id);
  const again = newKeyText(id);
  expect(keyIdOf(again.text)).toBe(id);
  expect(again.text).not.toBe(text);
  expect(digestOfKeyText(again.text)).not.toBe(digestOfKeyText(text));
});

it('a text with a mistake is no key', () => {
  const { text } = newKeyText();
  for (let at = 0; at < text.length; at++) {
    const other = text[at] === 'a' ? 'b' : 'a';
    expect(keyIdOf(text.slice(0, at) + other + text.slice(at + 1)), `character ${at}`).toBeUndefined();
  }
  for (const other of ['', 'hf_', text.slice(0, -1), `${text}a`, ` ${text}`, text.toLowerCase()])
    expect(keyIdOf(other)).toBeUndefined();
});
