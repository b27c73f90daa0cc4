/**
 * Names as search attributes that a filter can find. Temporal's list filters compare no value that holds a double quote
 * or a backslash, and cut quotes off its ends, however it is escaped: such characters are kept percent-encoded.
 */
import type { TypedSearchAttributes } from '@temporalio/common';
import type { searchAttributes } from '../workflows/search-attributes.ts';

export function searchable(name: string): string {
  return name.replace(/[%"'\\]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** The name that was kept; undefined where there is none. */
export function nameIn(
  attributes: TypedSearchAttributes,
  key: (typeof searchAttributes)['agent'],
): string | undefined {
  return attributes
    .get(key)
    ?.replace(/%(22|25|27|5C)/g, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
