import type { WireFormat } from '../wire-format.ts';
import { decode } from './decode.ts';
import { encode } from './encode.ts';

/** One POST of JSON per question, with the messages of the conversation; JSON back. */
export const vps: WireFormat = { encode, decode };
