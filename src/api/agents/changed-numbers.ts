/** Finds the numbers in a JSON text that JavaScript could not represent exactly, with their fields. */
import { endOfString } from '../../domain/json-levels.ts';
import { maxFieldErrors, type FieldError } from '../../contract/problem.ts';
import { fieldPath } from '../http/field-errors.ts';
import { changeOf } from '../http/json-numbers.ts';

interface OpenContainer {
  readonly isArray: boolean;
  /** The index of the current element of an array. */
  index: number;
  /** The offset in the text at which the key of the current member begins. */
  keyStart: number;
  expectsKey: boolean;
}

const [quote, comma, minus, zero, nine] = [0x22, 0x2c, 0x2d, 0x30, 0x39];
const [openBracket, closeBracket, openBrace, closeBrace] = [0x5b, 0x5d, 0x7b, 0x7d];

/**
 * Returns an error for each of the first numbers that JavaScript could not represent exactly, in one pass over the text, which
 * must be valid JSON. It needs the text because a parsed value no longer shows how the number was written.
 */
export function changedNumbers(json: Buffer): FieldError[] {
  const errors: FieldError[] = [];
  const open: OpenContainer[] = [];
  let inside: OpenContainer | undefined;
  for (let at = 0; at < json.length && errors.length < maxFieldErrors; at++) {
    const byte = json[at] as number;
    if (byte === quote) {
      if (inside?.expectsKey) {
        inside.keyStart = at;
        inside.expectsKey = false;
      }
      at = endOfString(json, at + 1);
    } else if (byte === comma && inside) {
      inside.index += 1;
      inside.expectsKey = !inside.isArray;
    } else if (byte === minus || isDigit(byte)) {
      const end = endOfNumber(json, at);
      const message = isExact(json, at, end) ? undefined : changeOf(json.toString('latin1', at, end));
      if (message !== undefined) errors.push({ field: fieldPath(keysOf(open, json)) || 'body', message });
      at = end - 1;
    } else if (byte === openBrace || byte === openBracket) {
      inside = { isArray: byte === openBracket, index: 0, keyStart: 0, expectsKey: byte === openBrace };
      open.push(inside);
    } else if (byte === closeBrace || byte === closeBracket) {
      open.pop();
      inside = open.at(-1);
    }
  }
  return errors;
}

/** Checks quickly whether a number is exact. It recognises most numbers, so that their text need not be compared. */
function isExact(json: Buffer, start: number, end: number): boolean {
  if (end - start > 15) return false;
  for (let at = start; at < end; at++) if (isExponent(json[at])) return false;
  return true;
}

function endOfNumber(json: Buffer, start: number): number {
  let end = start + 1;
  while (end < json.length && isOfNumber(json[end] as number)) end += 1;
  return end;
}

function isOfNumber(byte: number): boolean {
  return isDigit(byte) || isExponent(byte) || byte === 0x2b || byte === minus || byte === 0x2e;
}

function isDigit(byte: number): boolean {
  return byte >= zero && byte <= nine;
}

function isExponent(byte: number | undefined): boolean {
  return byte === 0x65 || byte === 0x45;
}

function* keysOf(open: readonly OpenContainer[], json: Buffer): Generator<string> {
  for (const { isArray, index, keyStart } of open)
    yield isArray
      ? String(index)
      : (JSON.parse(json.toString('utf8', keyStart, endOfString(json, keyStart + 1) + 1)) as string);
}
