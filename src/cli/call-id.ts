/** Calls and batches as users name them on the command line. */
import type { CallList } from '../contract/calls.ts';
import { callIdFrom, callWorkflowId } from '../domain/ids.ts';
import { CliError } from './errors.ts';
import type { NodeClient } from './http.ts';

/** Generated ids are no shorter: there is nothing to look up. */
const wholeIdLength = 32;
/** A shorter beginning is more likely a slip than a call. */
const leastPrefix = 4;
const shownAtMost = 5;

/**
 * The id of the call that is meant by its id, by `call-<id>`, as Temporal names it, or by the beginning of its id. What no
 * call begins with is left to the node to refuse: lists lag. Throws `CliError` where several begin so.
 */
export async function findCallId(client: NodeClient, given: string): Promise<string> {
  const id = callIdFrom(given);
  if (id.length >= wholeIdLength || id.length < leastPrefix) return id;
  const { calls } = await client.get<CallList>('/calls', { text: id, limit: 50 });
  const found = [...new Set(calls.map(({ call_id }) => call_id))];
  const [only = id, ...others] = found;
  if (others.length === 0 || found.includes(id)) return found.includes(id) ? id : only;
  const some = found.slice(0, shownAtMost).map((one) => `  ${asArgument(one)}`);
  const more = found.length > some.length ? ['  ...'] : [];
  throw new CliError(
    'usage',
    [`Several calls begin with '${id}'; give more of the id:`, ...some, ...more].join('\n'),
  );
}

/** As a command takes it: an id of before none began with `-` would be an option. */
export function asArgument(callId: string): string {
  return callId.startsWith('-') ? callWorkflowId(callId) : callId;
}
