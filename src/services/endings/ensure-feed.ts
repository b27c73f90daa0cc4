import { endingsId } from '../../domain/ids.ts';
import type { endings } from '../../workflows/endings.ts';
import { ensureEntity } from '../temporal/entity-updates.ts';
import type { Temporal } from '../temporal/rpc.ts';

/** Starts the workflow that keeps the feed of endings running, unless it runs. Throws the refusal `temporal_unavailable`. */
export function ensureFeed(temporal: Temporal): Promise<void> {
  return ensureEntity(temporal, 'endings' satisfies typeof endings.name, endingsId, []);
}
