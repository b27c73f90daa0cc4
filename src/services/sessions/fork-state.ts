/** Makes the state with which a fork is started: a new session with the messages of another one, up to a message. */
import { invalid } from '../../domain/failures.ts';
import { MessageTail } from '../../domain/message-tail.ts';
import { RecentIds } from '../../domain/recent-ids.ts';
import { maxRecentCallIds, SessionBook } from '../../domain/session-book.ts';
import type { SessionMessage } from '../../domain/message.ts';
import {
  newSession,
  type OlderMessages,
  type SessionContent,
  type SessionLimits,
  type SessionState,
} from '../../domain/session.ts';
import { PayloadLostError } from '../../payloads/payload-store.ts';
import { partsNewestFirst, storeSegment } from '../../payloads/segments.ts';
import { SessionCopy } from '../../payloads/session-copy.ts';
import { sessionOwner } from '../../payloads/owners.ts';
import type { PayloadReader, TextStore } from '../../payloads/text-store.ts';

/** The session that a fork makes, and what it takes along: all messages, or those before the message `before`. */
interface NewFork {
  readonly sessionId: string;
  readonly life: string;
  readonly before: number | undefined;
}

/** The end of a session's messages that its workflow holds itself, and the chain of segments before it. */
interface Cut {
  readonly held: readonly SessionMessage[];
  readonly older: OlderMessages | undefined;
}

/**
 * Copies what the fork takes along, one segment at a time. `lost` says whether something could not be copied; the fork then has
 * a notice in its place, like the original. Throws the refusal `validation_failed` if the session has no such message or
 * `before` divides a turn, `PayloadLostError` if no message up to there can be reached, and `PayloadStoreError`.
 */
export async function forkState(
  texts: TextStore,
  content: SessionContent,
  { sessionId, life, before }: NewFork,
  limits: SessionLimits,
): Promise<{ state: SessionState; lost: boolean }> {
  const cut = await cutBefore(texts, content, before, limits);
  const owner = sessionOwner(sessionId, life);
  // A call whose messages the fork has must not get a turn in it, even if Temporal has removed the call (I4).
  const callIds = new RecentIds(maxRecentCallIds);
  const copy = new SessionCopy(texts, owner, ({ callId }) => {
    if (callId !== undefined) callIds.add(callId);
  });
  const older = await copy.segments(cut.older);
  const messages = await copy.messages(cut.held);
  const book = new SessionBook(
    {
      ...newSession(sessionId, Date.now(), content.userId),
      life,
      metadata: content.metadata,
      ...(content.system !== undefined && { system: await copy.text(content.system) }),
      ...(content.window && { window: content.window }),
      ...(older && { older }),
      messages,
      recentCallIds: callIds.list(),
      wanted: true,
    },
    limits,
  );
  for (let segment = book.overflow(); segment; segment = book.overflow())
    book.movedOut(segment, await storeSegment(texts, owner, segment));
  return { state: book.state(), lost: copy.lost };
}

/** Finds where the fork ends. Reads segments from the newest on, until the fork's window is complete. */
async function cutBefore(
  payloads: PayloadReader,
  content: SessionContent,
  before: number | undefined,
  limits: SessionLimits,
): Promise<Cut> {
  const count = (content.older?.count ?? 0) + content.messages.length;
  const end = before ?? count;
  if (end > count) throw invalid('before', `the session has ${count} messages`);
  if (end === 0) return { held: [], older: undefined };
  let held: SessionMessage[] = [];
  let older: OlderMessages | undefined;
  let next: SessionMessage | undefined;
  for await (const part of partsNewestFirst(payloads, content)) {
    const { first, messages } = part;
    next = messages[end - first] ?? next;
    held = [...messages.slice(0, Math.max(0, end - first)), ...held];
    older = part.older;
    if (new MessageTail(held, limits).isLongerThanWindow) break;
  }
  const last = held.at(-1);
  if (!last) throw new PayloadLostError(older?.key ?? '', 'missing');
  if (last.callId !== undefined && last.callId === next?.callId)
    throw invalid('before', `divides a turn: messages ${end - 1} and ${end} are of one call`);
  return { held, older };
}
