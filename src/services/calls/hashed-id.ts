import { createHash } from 'node:crypto';
import { plainStart } from '../../domain/ids.ts';

/** The same id for the same parts. */
export function hashedId(parts: readonly unknown[]): string {
  return plainStart(hashed(parts));
}

/** The same, as ids were before none began with `-` or `_`. */
export function hashed(parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 32);
}
