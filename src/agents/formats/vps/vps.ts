import type { WireFormat } from '../wire-format.ts';
import { decode } from './decode.ts';
import { encode } from './encode.ts';

/** The format `vps`: one POST with the conversation's messages as JSON; the answer is JSON too. */
export const vps: WireFormat = { encode, decode };
