/** The cursor of a list that is made from the index: the place after which the next page begins. */
import { createHash } from 'node:crypto';
import { invalid } from '../../domain/failures.ts';
import type { CallSearch, ListOrder } from './call-search.ts';
import type { Place } from './ending-index.ts';

const checkLength = 8;

/** Makes the cursor. It is good for the same search and order only. */
export function encodePlace(search: CallSearch, order: ListOrder, { key, runId }: Place): string {
  const place = JSON.stringify([key, runId]);
  return Buffer.from(`${checkOf(search, order, place)}${place}`).toString('base64url');
}

/** Reads a cursor. Throws the refusal `validation_failed` if it is not one of this list. */
export function decodePlace(search: CallSearch, order: ListOrder, cursor: string): Place {
  const text = Buffer.from(cursor, 'base64url').toString();
  const place = text.slice(checkLength);
  if (text.slice(0, checkLength) !== checkOf(search, order, place))
    throw invalid('cursor', 'take it from next_cursor of the page before, with the same filter and order');
  const [key, runId] = JSON.parse(place) as [number, string];
  return { key, runId };
}

function checkOf(search: CallSearch, order: ListOrder, place: string): string {
  const members = Object.entries({ ...search, ...order }).filter(([, value]) => value !== undefined);
  const list = JSON.stringify(members.sort(([one], [other]) => (one < other ? -1 : 1)));
  return createHash('sha256').update(list).update(place).digest('base64url').slice(0, checkLength);
}
