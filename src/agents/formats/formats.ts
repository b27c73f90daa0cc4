import type { WireFormat } from './wire-format.ts';
import { vps } from './vps/vps.ts';

/** The wire formats by their names: one folder each. */
const formats = { vps } as const satisfies Record<string, WireFormat>;

/** The wire format of an agent. There is only one so far; with a second one, an agent's configuration would choose. */
export function formatOf(): WireFormat {
  return formats.vps;
}
