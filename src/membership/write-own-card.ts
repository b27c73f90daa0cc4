/** Writes the card that this process publishes to other nodes. */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { generation } from '../domain/cluster-terms.ts';
import type { NodeCard } from '../domain/node-card.ts';
import type { Config } from '../platform/config.ts';
import { bySetting } from '../platform/oidc-settings.ts';
import type { Sealer } from '../platform/sealing.ts';
import { version } from '../platform/version.ts';

/** Makes the card of this process, without the payload store's id, which is added when the node joins. */
export function writeOwnCard(
  { shared, apiKeys, oidc, worker }: Config,
  role: NodeCard['role'],
  sealer: Sealer,
  startedAt: number,
): NodeCard {
  // The fingerprint reveals nothing about the keys; other nodes only see whether theirs are the same.
  const keys = apiKeys.length > 0 && {
    HOLDFAST_API_KEYS: sealer.fingerprint(`API keys ${[...apiKeys].sort().join(' ')}`).slice(0, 11),
  };
  // Fingerprints here, too: the client secret must not be shown, and the others are long.
  const ofPeople = Object.fromEntries(
    Object.entries(oidc ? bySetting(oidc) : {}).map(([name, value]) => [
      name,
      sealer.fingerprint(`${name} ${JSON.stringify(value)}`).slice(0, 11),
    ]),
  );
  return {
    id: randomUUID().slice(0, 8),
    revision: 0,
    role,
    version,
    generation,
    buildId: worker.buildId,
    keyFingerprint: sealer.keyFingerprint,
    host: hostname(),
    pid: process.pid,
    startedAt,
    settings: shared.all,
    ...(role !== 'worker' && {
      facadeSettings: { ...shared.facades, ...keys, ...ofPeople },
    }),
  };
}
