/** The rules of a session without any Temporal: FIFO turns (I4), one holder, the window, what moves out. */
import type {
  GrantedTurn,
  Metadata,
  OlderMessages,
  SecondAnswer,
  SessionContent,
  SessionLimits,
  SessionMessage,
  SessionSegment,
  SessionState,
  Settlement,
  TurnCommit,
  TurnHolder,
  TurnReply,
} from './session.ts';
import { MessageTail } from './message-tail.ts';
import { MetadataRoom } from './metadata-room.ts';
import { OvertakenCalls } from './overtaken-calls.ts';
import { RecentIds } from './recent-ids.ts';

/** Calls whose commit is remembered, so that none is granted a second turn. Beyond them the start tells. */
const maxRecentCallIds = 500;
/** Answers of resets that one session takes. All are remembered, so that no rerun of theirs answers again. */
const maxResetCallIds = 500;

export class SessionBook {
  private content: Omit<SessionContent, 'messages'>;
  private readonly tail: MessageTail;
  private readonly recent: RecentIds;
  private readonly left: RecentIds;
  private readonly answeredByReset: Set<string>;
  private readonly overtaken: OvertakenCalls;
  private readonly limits: SessionLimits;
  private turnsGranted: number;
  private currentHolder: TurnHolder | undefined;
  private queue: string[];
  /** When each call of the queue was last told its place. */
  private readonly queuedAt: Map<string, number>;
  private readonly room: MetadataRoom;

  constructor(state: SessionState, limits: SessionLimits) {
    this.content = state;
    this.tail = new MessageTail(state.messages, limits);
    const committed = state.recentCallIds ?? state.messages.flatMap((message) => message.callId ?? []);
    this.recent = new RecentIds(maxRecentCallIds, committed);
    this.left = new RecentIds(maxRecentCallIds, state.leftCallIds);
    this.answeredByReset = new Set(state.resetCallIds);
    this.overtaken = new OvertakenCalls(state.overtakenCallIds);
    this.limits = limits;
    this.turnsGranted = state.turnsGranted;
    this.currentHolder = state.holder;
    this.queue = [...state.queue];
    this.queuedAt = new Map(Object.entries(state.queuedAt ?? {}));
    this.room = new MetadataRoom(state, limits);
  }

  get holder(): TurnHolder | undefined {
    return this.currentHolder;
  }

  /** What the holder is told. */
  turnOf({ turnNumber, grantedAt }: TurnHolder): GrantedTurn {
    return { state: 'granted', turnNumber, grantedAt, window: this.tail.window() };
  }

  get waiting(): number {
    return this.queue.length;
  }

  /** The ids of the calls that wait, the next first. */
  get queued(): readonly string[] {
    return this.queue;
  }

  /** Why `callId` cannot be taken on at all, for an update's validator: a rejection writes nothing. */
  refusal(callId: string, metadataBytes = 0): 'session_queue_full' | 'session_metadata_full' | undefined {
    if (this.recent.has(callId) || this.holds(callId) || this.queue.includes(callId)) return undefined;
    if (this.currentHolder && this.queue.length >= this.limits.maxQueued) return 'session_queue_full';
    return this.room.takes(metadataBytes) ? undefined : 'session_metadata_full';
  }

  /** Idempotent by call id. A call that is not the next waits; one that has committed gets no second turn. */
  openTurn(callId: string, nowMs: number, metadataBytes = 0): TurnReply {
    if (this.recent.has(callId)) return { state: 'committed' };
    this.room.expect(callId, metadataBytes);
    // Nobody waits for a turn that nobody holds: see `release`.
    const holder = this.currentHolder ?? this.grant(callId, nowMs);
    if (holder.callId === callId) {
      this.currentHolder = { callId, turnNumber: holder.turnNumber, grantedAt: nowMs };
      return this.turnOf(this.currentHolder);
    }
    if (!this.queue.includes(callId)) this.queue.push(callId);
    this.queuedAt.set(callId, nowMs);
    return { state: 'queued', position: this.queue.indexOf(callId) + 1, comesByItself: true };
  }

  /**
   * Only the holder commits, and once; its turn ends with it. A call that failed while it still waited leaves its message
   * too, one that was cancelled does not. Returns who holds the turn now, if that is new.
   */
  commit(commit: TurnCommit, nowMs: number): TurnHolder | undefined {
    const failedWaiting = commit.endedWaiting === 'failed' && this.queue.includes(commit.callId);
    if (failedWaiting || this.holds(commit.callId)) this.take(commit, nowMs);
    return this.release(commit.callId, nowMs);
  }

  private take(commit: TurnCommit, nowMs: number): void {
    const timestamp = new Date(nowMs).toISOString();
    const { callId, answer } = commit;
    this.append({
      timestamp,
      role: 'user',
      content: commit.prompt,
      callId,
      ...(!answer && { failed: true }),
      ...(!answer && this.overtaken.has(callId) && { answeredByRerun: true }),
    });
    if (answer)
      this.append({ timestamp, role: 'assistant', content: answer.content, agent: answer.agent, callId });
    const userId = this.content.userId ?? commit.userId;
    this.content = { ...this.content, ...(userId !== undefined && { userId }), lastActivity: timestamp };
    if (commit.metadata) this.merge(commit.metadata);
  }

  /** Tells what became of the commit. Idempotent by call id. */
  settle(commit: TurnCommit, nowMs: number): Settlement {
    const { callId, answer, reset, rerunOf } = commit;
    if (answer && (reset || rerunOf !== undefined)) return this.settleSecond({ ...commit, answer }, nowMs);
    const next = this.commit(commit, nowMs);
    return { stored: this.recent.has(callId), ...(next && { next }) };
  }

  /** Of a rerun's and a reset's answer to one call only one is kept. */
  private settleSecond(commit: SecondAnswer, nowMs: number): Settlement {
    const stored = this.accepts(commit, nowMs);
    const inTurn = stored && !commit.reset && this.holds(commit.callId);
    const next = inTurn ? this.commit(commit, nowMs) : this.release(commit.callId, nowMs);
    return { stored, ...(next && { next }) };
  }

  append(message: SessionMessage): void {
    this.tail.append(message);
    if (message.callId !== undefined) this.recent.add(message.callId);
  }

  /** Gives up the turn, or the place in the queue. Returns who holds the turn now, if that is new. */
  release(callId: string, nowMs: number): TurnHolder | undefined {
    if (!this.recent.has(callId) && (this.holds(callId) || this.queue.includes(callId)))
      this.left.add(callId);
    this.queue = this.queue.filter((waiting) => waiting !== callId);
    this.queuedAt.delete(callId);
    this.room.forget(callId);
    if (!this.holds(callId)) return undefined;
    this.currentHolder = undefined;
    const next = this.queue.shift();
    if (next === undefined) return undefined;
    const queuedAt = this.queuedAt.get(next);
    this.queuedAt.delete(next);
    return this.grant(next, nowMs, queuedAt);
  }

  /** The segment to store next, if there is one: `movedOut` then forgets its messages. */
  overflow(): SessionSegment | undefined {
    const messages = this.tail.overflow();
    if (messages.length === 0) return undefined;
    return { ...(this.content.older && { older: this.content.older }), messages };
  }

  /** `segment` is stored under `key`. */
  movedOut(segment: SessionSegment, key: string): void {
    // A reset has answered in one of them meanwhile: they are stored again as they are now.
    if (!this.tail.beginsWith(segment.messages)) return;
    const count = (segment.older?.count ?? 0) + segment.messages.length;
    this.tail.dropOldest(segment.messages.length);
    this.content = { ...this.content, older: { key, count } satisfies OlderMessages };
  }

  /** Whether nothing happens here and nothing has since `cutoffMs`. */
  idleSince(cutoffMs: number): boolean {
    return !this.currentHolder && Date.parse(this.content.lastActivity) <= cutoffMs;
  }

  /** Whether no call has left anything, none is under way, and nothing was imported. */
  get isUnused(): boolean {
    if (this.currentHolder || this.content.older || !this.recent.isEmpty) return false;
    return this.tail.messages.length === 0 && Object.keys(this.content.metadata).length === 0;
  }

  read(): SessionContent {
    const { sessionId, userId, createdAt, lastActivity, older, metadata } = this.content;
    return {
      sessionId,
      ...(userId !== undefined && { userId }),
      createdAt,
      lastActivity,
      ...(older && { older }),
      messages: this.tail.messages,
      metadata,
    };
  }

  /** For continue-as-new. */
  state(): SessionState {
    const left = this.left.list();
    return {
      ...this.read(),
      turnsGranted: this.turnsGranted,
      ...(this.currentHolder && { holder: this.currentHolder }),
      queue: this.queue,
      ...(this.queuedAt.size > 0 && { queuedAt: Object.fromEntries(this.queuedAt) }),
      ...this.room.state(),
      recentCallIds: this.recent.list(),
      ...(left.length > 0 && { leftCallIds: left }),
      ...(this.answeredByReset.size > 0 && { resetCallIds: [...this.answeredByReset] }),
      ...this.overtaken.state(),
    };
  }

  private accepts({ callId, rerunOf, reset, answer }: SecondAnswer, nowMs: number): boolean {
    if (reset && this.answeredByReset.has(callId)) return true;
    if (!reset && !this.holds(callId)) return this.tail.has(callId);
    if (rerunOf !== undefined && this.answeredByReset.has(rerunOf)) {
      this.recent.add(callId);
      return false;
    }
    if (reset && !this.answerInPlace(callId, answer, nowMs)) return false;
    if (rerunOf !== undefined) this.overtake(rerunOf);
    return true;
  }

  /** A reset owns no turn: its answer may only take the place of its own failure. */
  private answerInPlace(callId: string, answer: SecondAnswer['answer'], nowMs: number): boolean {
    if (this.answeredByReset.size >= maxResetCallIds) return false;
    const timestamp = new Date(nowMs).toISOString();
    if (!this.tail.answerFailed(callId, { timestamp, role: 'assistant', ...answer, callId })) return false;
    this.answeredByReset.add(callId);
    this.content = { ...this.content, lastActivity: timestamp };
    return true;
  }

  /** A rerun of this call has answered. */
  private overtake(callId: string): void {
    if (this.tail.markAnsweredByRerun(callId) || this.recent.has(callId)) return;
    this.overtaken.add(callId);
  }

  /** Those that a list of calls may not know of yet, and more. */
  callIds(): string[] {
    const holder = this.currentHolder ? [this.currentHolder.callId] : [];
    return [...new Set([...this.recent.list(), ...this.left.list(), ...holder, ...this.queue])];
  }

  private holds(callId: string): boolean {
    return this.currentHolder?.callId === callId;
  }

  private grant(callId: string, nowMs: number, queuedAt?: number): TurnHolder {
    this.turnsGranted += 1;
    this.currentHolder = {
      callId,
      turnNumber: this.turnsGranted,
      grantedAt: nowMs,
      ...(queuedAt !== undefined && { queuedAt }),
    };
    return this.currentHolder;
  }

  private merge(metadata: Metadata): void {
    this.content = { ...this.content, metadata: { ...this.content.metadata, ...metadata } };
    this.room.hold(this.content.metadata);
  }
}
