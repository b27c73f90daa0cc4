/** The rules of a session, free of Temporal: turns in FIFO order (I4), one holder at a time, the window, older messages. */
import type { SessionMessage } from './message.ts';
import type {
  OlderMessages,
  SessionContent,
  SessionLimits,
  SessionSegment,
  SessionSettings,
  SessionState,
  SettingsChange,
} from './session.ts';
import type { GrantedTurn, Settlement, TurnCommit, TurnHolder, TurnReply, TurnWish } from './turn.ts';
import { MessageTail } from './message-tail.ts';
import { MetadataRoom } from './metadata-room.ts';
import { RecentIds } from './recent-ids.ts';
import { TurnQueue } from './turn-queue.ts';
import { messagesOf } from './turn-text.ts';

/**
 * How many committed calls are remembered, so that none of them gets a second turn. A call that committed earlier cannot be
 * started again anyway, because its workflow id exists.
 */
export const maxRecentCallIds = 500;

/** How much earlier than its acceptance a call may seem to have started, because server nodes' clocks differ (ms). */
const clockSkewMs = 5_000;

/** What people see in place of the messages of a call that Temporal removed before the session had its ending. */
export const endingLostText =
  '[The ending of this call is lost: Temporal removed the call before its session had taken the ending over]';

export class SessionBook {
  protected content: Omit<SessionContent, 'messages' | keyof SessionSettings>;
  private settings: SessionSettings;
  protected tail: MessageTail;
  protected readonly recent: RecentIds;
  private readonly left: RecentIds;
  private readonly turns: TurnQueue;
  protected readonly limits: SessionLimits;
  private readonly life: string | undefined;
  private wanted: boolean;
  private readonly room: MetadataRoom;

  constructor(state: SessionState, limits: SessionLimits) {
    this.content = state;
    this.settings = settingsOf(state);
    this.tail = new MessageTail(state.messages, limits);
    const committed = state.recentCallIds ?? state.messages.flatMap((message) => message.callId ?? []);
    this.recent = new RecentIds(maxRecentCallIds, committed);
    this.left = new RecentIds(maxRecentCallIds, state.leftCallIds);
    this.turns = new TurnQueue(state, limits);
    this.limits = limits;
    this.life = state.life;
    this.wanted = state.wanted ?? false;
    this.room = new MetadataRoom(state, limits);
  }

  get holder(): TurnHolder | undefined {
    return this.turns.holder;
  }

  /** Returns the turn as it is sent to its holder, with the window. */
  turnOf({ turnNumber, grantedAt }: TurnHolder): GrantedTurn {
    return { state: 'granted', turnNumber, grantedAt, window: this.tail.window(this.settings) };
  }

  /** How many messages the session has. */
  get count(): number {
    return (this.content.older?.count ?? 0) + this.tail.length;
  }

  /** Why no message may be added without a call, although no call is in flight; undefined if it may. */
  refusalOfMore(metadataBytes: number): 'session_metadata_full' | 'payload_store_unavailable' | undefined {
    if (!this.room.takes(metadataBytes)) return 'session_metadata_full';
    return this.tail.isFull ? 'payload_store_unavailable' : undefined;
  }

  /** How many calls wait for the turn. */
  get waiting(): number {
    return this.turns.waiting.length;
  }

  /** Ids of the waiting calls in the order of their turns. */
  get queued(): readonly string[] {
    return this.turns.waiting;
  }

  /**
   * Returns why the call is refused; undefined if it is accepted. The endings in the wish are those that the session takes over
   * before it opens the turn. The update's validator calls this, because a rejection there writes nothing to the history.
   */
  refusal(
    callId: string,
    metadataBytes = 0,
    { taken = [], whenBusy }: Pick<TurnWish, 'taken' | 'whenBusy'> = {},
  ): 'session_queue_full' | 'session_metadata_full' | 'session_busy' | undefined {
    if (this.knows(callId)) return undefined;
    const left = this.callsBeside(taken);
    if (whenBusy === 'reject' && left > 0) return 'session_busy';
    // A call that interrupts is the only one that waits.
    if (whenBusy !== 'interrupt' && left > this.limits.maxQueued) return 'session_queue_full';
    return this.room.takes(metadataBytes) ? undefined : 'session_metadata_full';
  }

  /** How many calls hold or wait for the turn, apart from those whose endings are `taken`. */
  callsBeside(taken: readonly TurnCommit[]): number {
    return this.turns.inFlightBeside(taken).length;
  }

  /**
   * Interrupts the call that holds the turn and those that wait, and returns the ids of those that are interrupted by this, to
   * be cancelled. The holder keeps the turn until it has ended; the others leave the queue at once. Those in `taken` have ended
   * already. Interrupts nothing if the session knows the call already.
   */
  interrupt(callId: string, nowMs: number, taken: readonly TurnCommit[] = []): string[] {
    if (this.knows(callId)) return [];
    const interrupted = this.turns.interrupt(callId, taken);
    for (const waiting of this.turns.waiting) this.release(waiting, nowMs);
    return interrupted;
  }

  /** Whether the session has the ending of this call. */
  hasEnding(callId: string): boolean {
    return this.recent.has(callId);
  }

  /** Whether another call has interrupted this one. */
  isSuperseded(callId: string): boolean {
    return this.turns.interrupterOf(callId) !== undefined;
  }

  /**
   * Grants the turn or a place in the queue. Idempotent by call id. A call that has committed gets no second turn, and one that
   * was interrupted gets none.
   */
  openTurn(callId: string, nowMs: number, metadataBytes = 0): TurnReply {
    if (this.recent.has(callId)) return { state: 'committed' };
    const supersededBy = this.turns.interrupterOf(callId);
    if (supersededBy !== undefined)
      return { state: 'queued', position: 0, comesByItself: true, supersededBy };
    this.room.expect(callId, metadataBytes);
    const opened = this.turns.open(callId, nowMs);
    return 'position' in opened
      ? { state: 'queued', position: opened.position, comesByItself: true }
      : this.turnOf(opened);
  }

  /**
   * Takes over the ending of a call. Stores the call's messages if it holds the turn, or the prompt alone if it failed while it
   * waited; otherwise stores nothing. In every case the call gives up its turn or its place in the queue. Returns the new
   * holder, if the turn moves on.
   */
  commit(commit: TurnCommit, nowMs: number): TurnHolder | undefined {
    const failedWaiting = commit.endedWaiting === 'failed' && this.turns.waits(commit.callId);
    const inTurn = failedWaiting || this.holds(commit.callId);
    if (inTurn && this.isOfThisTurn(commit)) this.appendTurn(commit, nowMs);
    return this.release(commit.callId, nowMs);
  }

  /**
   * Gives up the turn of a call that Temporal no longer has, and leaves a failed message in its place. Returns the new holder.
   */
  lose(callId: string, nowMs: number): TurnHolder | undefined {
    if (this.holds(callId)) {
      const timestamp = new Date(nowMs).toISOString();
      this.append({ timestamp, role: 'user', content: endingLostText, callId, failed: true, lost: true });
      this.content = { ...this.content, lastActivity: timestamp };
    }
    return this.release(callId, nowMs);
  }

  /** Records that the call of this turn has been seen to exist. */
  markSeen(turnNumber: number): void {
    this.turns.markSeen(turnNumber);
  }

  /** Records that the call runs: it has asked for its turn itself. It may have lost the turn for which it was started. */
  markRunning(callId: string): void {
    this.turns.markRunning(callId);
  }

  /**
   * Whether the commit is of the call that the session accepted. A key may be repeated long after its call has ended, in
   * another life of the session, or after this one has forgotten the call. Such a call was started before it was accepted, and
   * has not been seen since.
   */
  private isOfThisTurn({ callId, life, startedAt }: TurnCommit): boolean {
    if (life !== undefined && life !== this.life) return false;
    if (this.holds(callId) && this.turns.holder?.seen) return true;
    const acceptedAt = this.turns.acceptanceOf(callId);
    return startedAt === undefined || acceptedAt === undefined || startedAt >= acceptedAt - clockSkewMs;
  }

  private appendTurn(commit: TurnCommit, nowMs: number): void {
    const timestamp = new Date(commit.endedAt ?? nowMs).toISOString();
    // A commit from before its call's end does not say whether the call was cancelled.
    const mayBeCancelled = commit.cancelled === true || commit.endedAt === undefined;
    const supersededBy = mayBeCancelled ? this.turns.interrupterOf(commit.callId) : undefined;
    for (const message of messagesOf(commit, timestamp, supersededBy)) this.append(message);
    this.touch(commit, timestamp);
  }

  /** Records what comes with messages: the first user stays, metadata is merged. */
  touch({ userId: theirs, metadata }: Pick<TurnCommit, 'userId' | 'metadata'>, timestamp: string): void {
    const userId = this.content.userId ?? theirs;
    const { lastActivity: before } = this.content;
    // The session may hear late that a call has ended, after something else was done with it.
    const lastActivity = timestamp > before ? timestamp : before;
    this.content = { ...this.content, ...(userId !== undefined && { userId }), lastActivity };
    if (!metadata) return;
    this.content = { ...this.content, metadata: { ...this.content.metadata, ...metadata } };
    this.room.hold(this.content.metadata);
  }

  /** Changes the settings and returns all of them. From then on the session stays even if it is empty. */
  configure(change: SettingsChange, nowMs: number): SessionSettings {
    this.settings = settingsOf({ ...this.settings, ...change });
    this.content = { ...this.content, lastActivity: new Date(nowMs).toISOString() };
    this.wanted = true;
    return this.settings;
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
    if (!this.recent.has(callId) && (this.holds(callId) || this.turns.waits(callId))) this.left.add(callId);
    this.room.forget(callId);
    return this.turns.release(callId, nowMs);
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

  /** Whether the last activity was at or before `cutoffMs`. A call may hold the turn. */
  quietSince(cutoffMs: number): boolean {
    return Date.parse(this.content.lastActivity) <= cutoffMs;
  }

  /**
   * Whether the session was created for a call, has no messages, no metadata and no call in flight, and never had any call.
   */
  get isUnused(): boolean {
    if (this.wanted || this.holder || this.content.older || !this.recent.isEmpty) return false;
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
      ...this.settings,
      ...(this.holder && { holderId: this.holder.callId }),
    };
  }

  /** Returns the state that continue-as-new carries to the next run. */
  state(): SessionState {
    const left = this.left.list();
    return {
      ...this.read(),
      ...(this.life !== undefined && { life: this.life }),
      ...this.turns.state(),
      ...this.room.state(),
      recentCallIds: this.recent.list(),
      ...(left.length > 0 && { leftCallIds: left }),
      ...(this.wanted && { wanted: true }),
      withoutResets: true,
    };
  }

  /**
   * Returns all call ids that the session remembers. They are needed because visibility is eventually consistent and may not
   * list the newest calls yet.
   */
  callIds(): string[] {
    return [...new Set([...this.recent.list(), ...this.left.list(), ...this.turns.inFlight])];
  }

  /** Whether the call has asked for a turn before, as far as the session remembers. */
  private knows(callId: string): boolean {
    if (this.recent.has(callId) || this.isSuperseded(callId)) return true;
    return this.holds(callId) || this.turns.waits(callId);
  }

  protected holds(callId: string): boolean {
    return this.turns.holds(callId);
  }
}

/** Returns the settings that are set. */
function settingsOf({ system, window }: Pick<SettingsChange, 'system' | 'window'>): SessionSettings {
  return { ...(system != null && { system }), ...(window && { window }) };
}
