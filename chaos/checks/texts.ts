/** Checks that the large texts of deleted calls are deleted too. */
import { openPayloadStore } from '../../src/payloads/open-store.ts';
import { TextStore } from '../../src/payloads/text-store.ts';
import { callIdOf, type CallRequest } from '../load/call-request.ts';
import type { Evidence, Finding } from './evidence.ts';

/** Checks that the payload store in `storeFolder` has no text of a deleted call that Temporal no longer has. */
export async function checkTexts(evidence: Evidence, storeFolder: string): Promise<Finding> {
  const texts = new TextStore(openPayloadStore({ kind: 'folder', path: storeFolder }), 0);
  const gone = new Set(
    evidence.requests
      .filter((request) => isDeleted(request, evidence))
      .map(callIdOf)
      .filter((id) => id !== undefined && !evidence.calls.has(id)),
  );
  const violations: string[] = [];
  for await (const { id } of texts.ownersOlderThan('calls', Infinity))
    if (gone.has(id)) violations.push(`${id}: the call is deleted, but its texts are in the payload store`);
  const what = 'no text of a deleted call is left in the payload store';
  return { row: 'deletion', what, checked: gone.size, violations };
}

/**
 * Whether the call was deleted with its session and not sent again afterwards. A call that was sent again stores its prompt
 * again.
 */
function isDeleted({ body, submissions }: CallRequest, { removals }: Evidence): boolean {
  return removals.some(
    ({ withCalls, done, sessionId, sentAt }) =>
      withCalls &&
      done &&
      sessionId === body.session_id &&
      submissions.every(({ answeredAt }) => answeredAt < sentAt),
  );
}
