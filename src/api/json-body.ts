/** A request's JSON, read whole. What could not be kept as it is is refused by name, never changed silently. */
import { isUtf8 } from 'node:buffer';
import express, { type RequestHandler } from 'express';
import { Refusal } from '../domain/failures.ts';
import { isDoubtful } from './json-numbers.ts';
import { oddMembers } from './odd-members.ts';
import { PlacedTokens } from './placed-tokens.ts';
import { invalidFields, type FieldError } from './validate.ts';

export const jsonTypes = ['application/json', 'application/*+json'];

export function jsonBody(maxBytes: number): RequestHandler[] {
  const texts = new WeakMap<object, Buffer>();
  const verify = (request: object, _response: unknown, text: Buffer, charset: string): void => {
    if (charset.toLowerCase() !== 'utf-8')
      throw new Refusal('unsupported_media_type', `JSON is UTF-8, not ${charset}`);
    if (!isUtf8(text)) throw new Refusal('invalid_json', 'The body is not valid UTF-8');
    texts.set(request, text);
  };
  const check: RequestHandler = (request, _response, next) => {
    const text = texts.get(request);
    texts.delete(request);
    if (text) refuseOddities(request.body, text);
    next();
  };
  return [express.json({ limit: maxBytes, strict: false, type: jsonTypes, verify }), check];
}

function refuseOddities(body: unknown, text: Buffer): void {
  let doubtful = false;
  const errors = oddMembers(body, (value) => {
    doubtful ||= isDoubtful(value, text);
  });
  if (doubtful) errors.push(...changedNumbers(text));
  if (errors.length > 0) throw invalidFields(errors.slice(0, 20));
}

function changedNumbers(text: Buffer): readonly FieldError[] {
  const tokens = new PlacedTokens();
  tokens.write(text);
  return tokens.changed;
}
