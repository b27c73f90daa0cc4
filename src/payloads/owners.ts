/**
 * Defines the owner of a stored text, and the folder of the owner's texts. A text is deleted with its owner, i.e. with its
 * call, session or batch.
 */
import { createHash } from 'node:crypto';

/** The owner of a text, which is deleted with its owner. */
export interface Owner {
  readonly kind: 'calls' | 'sessions' | 'batches';
  readonly id: string;
  /** The session's life: a later session with the same id is another owner. Absent for sessions from before lives existed. */
  readonly life?: string | undefined;
}

export const callOwner = (id: string): Owner => ({ kind: 'calls', id });
export const batchOwner = (id: string): Owner => ({ kind: 'batches', id });
export const sessionOwner = (id: string, life?: string): Owner => ({ kind: 'sessions', id, life });

/**
 * Returns the folder of the owner's texts, with a slash at its end. Its name is a hash, because ids may contain characters that
 * a file name may not.
 */
export function folderOf(owner: Owner): string {
  return `${owner.kind}/${createHash('sha256').update(nameOf(owner)).digest('hex').slice(0, 40)}/`;
}

/**
 * Returns the text for the file `owner` in the owner's folder, because the owner cannot be computed from the hash. Ids contain
 * no line breaks, so one separates id and life.
 */
export function nameOf({ id, life }: Owner): string {
  return life === undefined ? id : `${id}\n${life}`;
}

/** Returns the owner whose name `nameOf` returned. */
export function ownerNamed(kind: Owner['kind'], name: string): Owner {
  const [id = '', life] = name.split('\n');
  return { kind, id, life };
}
