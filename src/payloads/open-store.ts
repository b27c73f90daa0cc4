import { createFileStore } from './file-store.ts';
import type { PayloadStore } from './payload-store.ts';
import { createS3Store, type S3Settings } from './s3-store.ts';

/** The place of the payload store. */
export type StoreSettings =
  { readonly kind: 'folder'; readonly path: string } | ({ readonly kind: 's3' } & S3Settings);

/** Creates the store without using it yet. `reserveBytes` of a folder's disk are reserved for calls in flight. */
export function openPayloadStore(settings: StoreSettings, reserveBytes = 0): PayloadStore {
  return settings.kind === 'folder' ? createFileStore(settings.path, reserveBytes) : createS3Store(settings);
}

/** Returns the store's place in the syntax of HOLDFAST_PAYLOAD_STORE. */
export function placeOf(settings: StoreSettings): string {
  return settings.kind === 'folder' ? settings.path : `s3://${settings.bucket}/${settings.prefix}`;
}
