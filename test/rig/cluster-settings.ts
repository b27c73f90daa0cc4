import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** Settings that all nodes of a cluster must share: the encryption key and a payload store, which is deleted after the test. */
export async function clusterSettings(): Promise<{
  HOLDFAST_ENCRYPTION_KEY: string;
  HOLDFAST_PAYLOAD_STORE: string;
}> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-store-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return {
    HOLDFAST_ENCRYPTION_KEY: randomBytes(32).toString('base64'),
    HOLDFAST_PAYLOAD_STORE: folder,
  };
}
