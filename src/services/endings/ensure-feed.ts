import { endingsId } from '../../domain/ids.ts';
import type { endings } from '../../workflows/endings.ts';
import { ensureEntity } from '../temporal/entity-updates.ts';
import type { Temporal } from '../temporal/rpc.ts';

/**
 * Starts the workflow that keeps the feed of endings running, unless it runs. With an empty log the feed begins with the calls
 * that ended after `since` (epoch ms), or from now on. Throws the refusal `temporal_unavailable`.
 */
export function ensureFeed(temporal: Temporal, since?: number): Promise<void> {
  const start = since === undefined ? [] : [{ since }];
  return ensureEntity(temporal, 'endings' satisfies typeof endings.name, endingsId, start);
}
