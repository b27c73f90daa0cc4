/** Who a stored text belongs to, and where it is stored therefore: what a call or a session leaves goes with it. */
import { createHash } from 'node:crypto';

/** Who owns a text. It is deleted with its owner. */
export interface Owner {
  readonly kind: 'calls' | 'sessions' | 'batches';
  readonly id: string;
  /** The session's life: a later session with the same id is another owner. Absent for sessions from before lives existed. */
  readonly life?: string | undefined;
}

export const callOwner = (id: string): Owner => ({ kind: 'calls', id });
export const batchOwner = (id: string): Owner => ({ kind: 'batches', id });
export const sessionOwner = (id: string, life?: string): Owner => ({ kind: 'sessions', id, life });

/** The folder of all that the owner has, with a slash at its end. Ids may hold anything a file name may not. */
export function folderOf(owner: Owner): string {
  return `${owner.kind}/${createHash('sha256').update(nameOf(owner)).digest('hex').slice(0, 40)}/`;
}

/** What the folder's name file says: no hash leads back to its owner. No id holds a line's end. */
export function nameOf({ id, life }: Owner): string {
  return life === undefined ? id : `${id}\n${life}`;
}

/** The owner that has this name. */
export function ownerNamed(kind: Owner['kind'], name: string): Owner {
  const [id = '', life] = name.split('\n');
  return { kind, id, life };
}
