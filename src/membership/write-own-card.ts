/** What this process tells other nodes of itself. */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { generation } from '../domain/cluster-terms.ts';
import type { NodeCard } from '../domain/node-card.ts';
import type { Config } from '../platform/config.ts';
import type { Sealer } from '../platform/sealing.ts';
import { version } from '../platform/version.ts';

/** Without its payload store, which is told once the node has joined. */
export function writeOwnCard(
  { shared, apiKeys, worker }: Config,
  role: NodeCard['role'],
  sealer: Sealer,
  startedAt: number,
): NodeCard {
  // Which keys they are is told by nothing, only whether they are the same.
  const keys = apiKeys.length > 0 && {
    HOLDFAST_API_KEYS: sealer.fingerprint(`API keys ${[...apiKeys].sort().join(' ')}`).slice(0, 11),
  };
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
    ...(role !== 'worker' && { facadeSettings: { ...shared.facades, ...keys } }),
  };
}
