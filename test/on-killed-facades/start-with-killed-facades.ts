/**
 * Starts what `npm run test:killed` uses instead of one node: a node that stays, and one facade after the other that takes a
 * call in a session and is killed as soon as it has answered.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { startLastingNode } from '../rig/node-process.ts';
import type { Environment, TestNode } from '../rig/test-node.ts';
import { KillingClient } from './killing-client.ts';

export const killsFacades = process.env['TEST_KILLED_FACADES'] !== undefined;

export async function startWithKilledFacades<E extends Environment & { readonly HOLDFAST_DATA_DIR: string }>(
  environment: E,
  startNode: (environment: E) => Promise<TestNode>,
): Promise<TestNode> {
  const { HOLDFAST_DATA_DIR: dataDir } = environment;
  const shared = {
    HOLDFAST_ENCRYPTION_KEY: randomBytes(32).toString('base64'),
    HOLDFAST_PAYLOAD_STORE: join(dataDir, 'payloads'),
    ...environment,
  };
  const node = await startNode(shared);
  const [key] = (environment['HOLDFAST_API_KEYS'] ?? '').split(',').filter((one) => one !== '');
  let facades = 0;
  const http = new KillingClient(node.http.url, key, () => {
    facades += 1;
    return startLastingNode({
      ...shared,
      HOLDFAST_EMBEDDED_WORKER: 'off',
      HOLDFAST_DATA_DIR: join(dataDir, `facade-${facades}`),
      TEMPORAL_ADDRESS: node.node.temporalAddress,
    });
  });
  return {
    ...node,
    http,
    async close() {
      await http.close();
      await node.close();
    },
  };
}
