import type { WireFormat } from './wire-format.ts';
import { vps } from './vps/vps.ts';

/** The wire formats by their names: one folder each. */
const formats = { vps } as const satisfies Record<string, WireFormat>;

/**
 * Returns the wire format of an agent. So far only one format exists; with a second one, the agent's configuration would select
 * it.
 */
export function formatOf(): WireFormat {
  return formats.vps;
}
