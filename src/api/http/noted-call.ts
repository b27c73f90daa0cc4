import type { ServerResponse } from 'node:http';
import type { CallFields } from '../../domain/call-fields.ts';

/** The calls that responses are about, for the log. */
const noted = new WeakMap<ServerResponse, CallFields>();

/** Notes which call the response is about, in place of what was noted before. */
export function noteCall(response: ServerResponse, call: CallFields): void {
  noted.set(response, call);
}

/** Returns the fields of a log line about the response. */
export function notedCall(response: ServerResponse): CallFields | undefined {
  return noted.get(response);
}
