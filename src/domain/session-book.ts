/** The rules of a session, free of Temporal: turns in FIFO order (I4), one holder at a time, the window, older messages. */
import type {
  GrantedTurn,
  Metadata,
  OlderMessages,
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
import { RecentIds } from './recent-ids.ts';
import { messagesOf } from './turn-text.ts';

/**
 * How many committed calls are remembered, so that none of them gets a second turn. A call that committed earlier cannot be
 * started again anyway, because its workflow id exists.
 */
const maxRecentCallIds = 500;

export class SessionBook {
  protected content: Omit<SessionContent, 'messages'>;
  protected tail: MessageTail;
  protected readonly recent: RecentIds;
  private readonly left: RecentIds;
  protected readonly limits: SessionLimits;
  private turnsGranted: number;
  private currentHolder: TurnHolder | undefined;
  private queue: string[];
  /** When each waiting call was last sent its place in the queue. */
  private readonly queuedAt: Map<string, number>;
  private readonly room: MetadataRoom;

  constructor(state: SessionState, limits: SessionLimits) {
    this.content = state;
    this.tail = new MessageTail(state.messages, limits);
    const committed = state.recentCallIds ?? state.messages.flatMap((message) => message.callId ?? []);
    this.recent = new RecentIds(maxRecentCallIds, committed);
    this.left = new RecentIds(maxRecentCallIds, state.leftCallIds);
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

  /** Returns the turn as it is sent to its holder, with the window. */
  turnOf({ turnNumber, grantedAt }: TurnHolder): GrantedTurn {
    return { state: 'granted', turnNumber, grantedAt, window: this.tail.window() };
  }

  /** How many calls wait for the turn. */
  get waiting(): number {
    return this.queue.length;
  }

  /** Ids of the waiting calls in the order of their turns. */
  get queued(): readonly string[] {
    return this.queue;
  }

  /**
   * Returns why the call is refused; undefined if it is accepted. The update's validator calls this, because a rejection there
   * writes nothing to the history.
   */
  refusal(callId: string, metadataBytes = 0): 'session_queue_full' | 'session_metadata_full' | undefined {
    if (this.recent.has(callId) || this.holds(callId) || this.queue.includes(callId)) return undefined;
    if (this.currentHolder && this.queue.length >= this.limits.maxQueued) return 'session_queue_full';
    return this.room.takes(metadataBytes) ? undefined : 'session_metadata_full';
  }

  /** Grants the turn or a place in the queue. Idempotent by call id. A call that has committed gets no second turn. */
  openTurn(callId: string, nowMs: number, metadataBytes = 0): TurnReply {
    if (this.recent.has(callId)) return { state: 'committed' };
    this.room.expect(callId, metadataBytes);
    // Without a holder the queue is empty: `release` grants the turn to the next call at once.
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
   * Stores the call's messages if it holds the turn, or the prompt alone if it failed while it waited; otherwise stores
   * nothing. In every case the call gives up its turn or its place in the queue. Returns the new holder, if the turn moves on.
   */
  commit(commit: TurnCommit, nowMs: number): TurnHolder | undefined {
    const failedWaiting = commit.endedWaiting === 'failed' && this.queue.includes(commit.callId);
    if (failedWaiting || this.holds(commit.callId)) this.appendTurn(commit, nowMs);
    return this.release(commit.callId, nowMs);
  }

  private appendTurn(commit: TurnCommit, nowMs: number): void {
    const timestamp = new Date(nowMs).toISOString();
    for (const message of messagesOf(commit, timestamp)) this.append(message);
    const userId = this.content.userId ?? commit.userId;
    this.content = { ...this.content, ...(userId !== undefined && { userId }), lastActivity: timestamp };
    if (commit.metadata) this.merge(commit.metadata);
  }

  /** Commits a turn and returns whether the session stores it. Idempotent by call id. */
  settle(commit: TurnCommit, nowMs: number): Settlement {
    const next = this.commit(commit, nowMs);
    return { stored: this.recent.has(commit.callId), ...(next && { next }) };
  }

  /** Adds a message and remembers its call as committed. */
  append(message: SessionMessage): void {
    this.tail.append(message);
    if (message.callId !== undefined) this.recent.add(message.callId);
  }

  /** Gives up the call's turn, or its place in the queue. Returns the new holder, if the turn moves on. */
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

  /** Returns the segment to store next; undefined if there is none. Call `movedOut` once it is stored. */
  overflow(): SessionSegment | undefined {
    const messages = this.tail.overflow();
    if (messages.length === 0) return undefined;
    return { ...(this.content.older && { older: this.content.older }), messages };
  }

  /** Drops the messages of `segment`, which is now stored under `key`. */
  movedOut(segment: SessionSegment, key: string): void {
    const count = (segment.older?.count ?? 0) + segment.messages.length;
    this.tail.dropOldest(segment.messages.length);
    this.content = { ...this.content, older: { key, count } satisfies OlderMessages };
  }

  /** Whether no call holds the turn and the last activity was at or before `cutoffMs`. */
  idleSince(cutoffMs: number): boolean {
    return !this.currentHolder && Date.parse(this.content.lastActivity) <= cutoffMs;
  }

  /** Whether the session has no messages, no metadata and no call in flight, and never had any call. */
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

  /** Returns the state that continue-as-new carries to the next run. */
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
      withoutResets: true,
    };
  }

  /**
   * Returns all call ids that the session remembers. They are needed because visibility is eventually consistent and may not
   * list the newest calls yet.
   */
  callIds(): string[] {
    const holder = this.currentHolder ? [this.currentHolder.callId] : [];
    return [...new Set([...this.recent.list(), ...this.left.list(), ...holder, ...this.queue])];
  }

  protected holds(callId: string): boolean {
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
