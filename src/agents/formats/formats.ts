import type { WireFormat } from './wire-format.ts';
import { vps } from './vps/vps.ts';

/** The wire formats by their names: one folder each. */
const formats = { vps } as const satisfies Record<string, WireFormat>;

/** The format that an agent speaks. There is one so far; an agent's configuration would name another. */
export function formatOf(): WireFormat {
  return formats.vps;
}
