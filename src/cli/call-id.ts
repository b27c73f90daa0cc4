/** Call ids as users write them on the command line. */
import type { CallList } from '../contract/calls.ts';
import { callIdFrom, callWorkflowId } from '../domain/ids.ts';
import { projectOf } from '../domain/project.ts';
import { CliError } from './errors.ts';
import type { NodeClient } from './http.ts';

/**
 * Generated ids have at least this length without their project. A text of this length is therefore a complete id and needs no
 * search.
 */
const wholeIdLength = 32;
/** The least length of the beginning of an id. A shorter text is more likely a mistake and is not searched for. */
const minPrefixLength = 4;
const shownAtMost = 5;

/**
 * Resolves what the user gave to a call id. It can be the id, `call-<id>` as the Temporal Web UI shows it, or the beginning of
 * the id. If no listed call matches, it is returned unchanged: the list lags behind, so the node decides whether the call
 * exists. Throws `CliError` with the matches if several calls match.
 */
export async function findCallId(client: NodeClient, given: string): Promise<string> {
  const id = callIdFrom(given);
  const ofProject = client.project === undefined && id.includes('.') ? projectOf(id) : undefined;
  const own = id.slice(id.indexOf('.') + 1);
  if (own.length >= wholeIdLength || own.length < minPrefixLength) return id;
  const { calls } = await client.get<CallList>('/calls', { text: id, limit: 50, project: ofProject });
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

/**
 * Formats a call id as an argument that can be pasted into a command. Old ids may begin with `-`; those are written as
 * `call-<id>`.
 */
export function asArgument(callId: string): string {
  return callId.startsWith('-') ? callWorkflowId(callId) : callId;
}
