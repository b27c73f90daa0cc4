/** Reads a JSON body. A value that cannot be represented exactly is refused, with its field, and never changed silently. */
import { isUtf8 } from 'node:buffer';
import express, { type RequestHandler } from 'express';
import { Refusal } from '../../domain/failures.ts';
import { nestsDeeperThan } from '../../domain/json-levels.ts';
import { changedNumbers } from '../agents/changed-numbers.ts';
import { maxFieldErrors } from '../../contract/problem.ts';
import { maxJsonLevels, tooDeep } from './json-depth.ts';
import { oddMembers } from './odd-members.ts';
import { invalidFields } from './validate.ts';

/** Media types that are read as JSON. */
export const jsonTypes = ['application/json', 'application/*+json'];

/** Middleware that parses JSON bodies of at most `maxBytes` and refuses what cannot be represented exactly. */
export function jsonBody(maxBytes: number): RequestHandler[] {
  const texts = new WeakMap<object, Buffer>();
  const verify = (request: object, _response: unknown, text: Buffer, charset: string): void => {
    if (charset.toLowerCase() !== 'utf-8')
      throw new Refusal('unsupported_media_type', `Send the JSON as UTF-8, not ${charset}`);
    if (!isUtf8(text)) throw new Refusal('invalid_json', 'The body is not valid UTF-8');
    // Checked before parsing, since JSON.parse takes seconds for millions of levels.
    if (nestsDeeperThan(maxJsonLevels, text)) throw tooDeep();
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
  const errors = [...oddMembers(body), ...changedNumbers(text)];
  if (errors.length > 0) throw invalidFields(errors.slice(0, maxFieldErrors));
}
