import { jsonBytes } from './json-bytes.ts';

export type Metadata = Readonly<Record<string, unknown>>;

export interface WindowMessage {
  readonly role: 'user' | 'assistant' | 'system';
  readonly content: string;
}

export interface SessionMessage extends WindowMessage {
  /** ISO 8601 UTC. */
  readonly timestamp: string;
  /** Who answered, on an assistant's message. */
  readonly agent?: string;
  readonly callId?: string;
  /** The call of this user message failed: kept for people, never sent to an agent. */
  readonly failed?: true;
}

/** What a reader of a session sees. */
export interface SessionContent {
  readonly sessionId: string;
  readonly userId?: string;
  readonly createdAt: string;
  readonly lastActivity: string;
  readonly messages: readonly SessionMessage[];
  readonly metadata: Metadata;
}

/** The turn's lease: it has no clock of its own, see workflows/session.ts. */
export interface TurnHolder {
  readonly callId: string;
  readonly turnNumber: number;
  readonly grantedAt: number;
}

/** Everything that continue-as-new carries. */
export interface SessionState extends SessionContent {
  readonly turnsGranted: number;
  readonly holder?: TurnHolder;
  /** Call ids in acceptance order. */
  readonly queue: readonly string[];
}

/** What a call leaves in its session. */
export interface TurnCommit {
  readonly callId: string;
  readonly prompt: string;
  /** Absent: the call failed. */
  readonly answer?: { readonly agent: string; readonly content: string };
  readonly userId?: string;
  readonly metadata?: Metadata;
}

/** The session's say on a call's turn (see workflows/session.ts). */
export interface GrantedTurn {
  readonly state: 'granted';
  readonly turnNumber: number;
  /** Epoch ms by the session's clock. */
  readonly grantedAt: number;
  readonly window: readonly WindowMessage[];
}
export interface QueuedTurn {
  readonly state: 'queued';
  readonly position: number;
}

/** `committed`: this call has had its turn. `full`: it was queued, and the session filled up meanwhile. */
export type TurnReply =
  GrantedTurn | QueuedTurn | { readonly state: 'committed' } | { readonly state: 'full' };

export interface SessionLimits {
  /** Stored bytes from which no new turn is opened; a granted turn always commits. */
  readonly maxBytes: number;
  readonly maxQueued: number;
  readonly windowMessages: number;
  readonly windowBytes: number;
}

/** Roles, timestamp, ids and punctuation of one stored message, generously. */
const messageOverheadBytes = 512;

/** The rules of a session without any Temporal: FIFO turns (I4), one holder, the window, the bounds. */
export class SessionBook {
  private content: SessionContent;
  private readonly messages: SessionMessage[];
  private readonly committed: Set<string>;
  private readonly limits: SessionLimits;
  private storedBytes: number;
  private turnsGranted: number;
  private currentHolder: TurnHolder | undefined;
  private queue: string[];

  constructor(state: SessionState, limits: SessionLimits) {
    this.content = state;
    this.messages = [...state.messages];
    this.committed = new Set(state.messages.flatMap((message) => message.callId ?? []));
    this.limits = limits;
    this.storedBytes = state.messages.reduce(
      (sum, message) => sum + bytesOf(message),
      jsonBytes(JSON.stringify(state.metadata)),
    );
    this.turnsGranted = state.turnsGranted;
    this.currentHolder = state.holder;
    this.queue = [...state.queue];
  }

  get holder(): TurnHolder | undefined {
    return this.currentHolder;
  }

  get waiting(): number {
    return this.queue.length;
  }

  /** Why `callId` cannot be taken on at all, for an update's validator: a rejection writes nothing. */
  refusal(callId: string): 'session_full' | 'session_queue_full' | undefined {
    if (this.committed.has(callId) || this.holds(callId) || this.queue.includes(callId)) return undefined;
    if (this.full) return 'session_full';
    if (this.currentHolder && this.queue.length >= this.limits.maxQueued) return 'session_queue_full';
    return undefined;
  }

  /** Idempotent by call id. A call that is not the next waits; one that has committed gets no second turn. */
  openTurn(callId: string, nowMs: number): TurnReply {
    if (this.committed.has(callId)) return { state: 'committed' };
    if (!this.holds(callId) && this.full) return { state: 'full' };
    // Nobody waits for a turn that nobody holds: see `release`.
    const holder = this.currentHolder ?? this.grant(callId, nowMs);
    if (holder.callId === callId) {
      this.currentHolder = { ...holder, grantedAt: nowMs };
      return { state: 'granted', turnNumber: holder.turnNumber, grantedAt: nowMs, window: this.window() };
    }
    if (!this.queue.includes(callId)) this.queue.push(callId);
    return { state: 'queued', position: this.queue.indexOf(callId) + 1 };
  }

  /**
   * Only the holder commits, and once; its turn ends with it. A call that ended while it still waited leaves the
   * queue and no message. Returns who holds the turn now, if that is new.
   */
  commit(commit: TurnCommit, nowMs: number): TurnHolder | undefined {
    if (!this.holds(commit.callId)) return this.release(commit.callId, nowMs);
    const timestamp = new Date(nowMs).toISOString();
    const { callId, answer } = commit;
    this.add({ timestamp, role: 'user', content: commit.prompt, callId, ...(!answer && { failed: true }) });
    if (answer)
      this.add({ timestamp, role: 'assistant', content: answer.content, agent: answer.agent, callId });
    this.committed.add(callId);
    const metadata = { ...this.content.metadata, ...commit.metadata };
    this.storedBytes +=
      jsonBytes(JSON.stringify(metadata)) - jsonBytes(JSON.stringify(this.content.metadata));
    const userId = this.content.userId ?? commit.userId;
    this.content = {
      ...this.content,
      ...(userId !== undefined && { userId }),
      lastActivity: timestamp,
      metadata,
    };
    return this.release(callId, nowMs);
  }

  /**
   * Gives up the turn, or the place in the queue. Returns who holds the turn now, if that is new. A session that
   * is full grants nothing more, or a queue of long turns could outgrow continue-as-new (I7): those who waited
   * are refused when they ask again.
   */
  release(callId: string, nowMs: number): TurnHolder | undefined {
    this.queue = this.queue.filter((waiting) => waiting !== callId);
    if (!this.holds(callId)) return undefined;
    this.currentHolder = undefined;
    if (this.full) this.queue = [];
    const next = this.queue.shift();
    return next === undefined ? undefined : this.grant(next, nowMs);
  }

  /** Whether nothing happens here and nothing has since `cutoffMs`. Without a holder nobody waits. */
  idleSince(cutoffMs: number): boolean {
    return !this.currentHolder && Date.parse(this.content.lastActivity) <= cutoffMs;
  }

  read(): SessionContent {
    const { sessionId, userId, createdAt, lastActivity, metadata } = this.content;
    return {
      sessionId,
      ...(userId !== undefined && { userId }),
      createdAt,
      lastActivity,
      messages: this.messages,
      metadata,
    };
  }

  /** For continue-as-new. */
  state(): SessionState {
    return {
      ...this.read(),
      turnsGranted: this.turnsGranted,
      ...(this.currentHolder && { holder: this.currentHolder }),
      queue: this.queue,
    };
  }

  private get full(): boolean {
    return this.storedBytes >= this.limits.maxBytes;
  }

  private holds(callId: string): boolean {
    return this.currentHolder?.callId === callId;
  }

  private grant(callId: string, nowMs: number): TurnHolder {
    this.turnsGranted += 1;
    this.currentHolder = { callId, turnNumber: this.turnsGranted, grantedAt: nowMs };
    return this.currentHolder;
  }

  private add(message: SessionMessage): void {
    this.messages.push(message);
    this.storedBytes += bytesOf(message);
  }

  /** The last messages that fit, without those of failed calls, beginning with no orphaned answer. */
  private window(): WindowMessage[] {
    const window: WindowMessage[] = [];
    let bytes = 0;
    for (const { role, content, failed } of this.messages.toReversed()) {
      if (window.length >= this.limits.windowMessages) break;
      if (failed) continue;
      bytes += jsonBytes(content);
      if (bytes > this.limits.windowBytes) break;
      window.unshift({ role, content });
    }
    while (window[0]?.role === 'assistant') window.shift();
    return window;
  }
}

function bytesOf(message: SessionMessage): number {
  return jsonBytes(message.content) + messageOverheadBytes;
}

export function newSession(sessionId: string, nowMs: number, userId?: string): SessionState {
  const now = new Date(nowMs).toISOString();
  return {
    sessionId,
    ...(userId !== undefined && { userId }),
    createdAt: now,
    lastActivity: now,
    messages: [],
    metadata: {},
    turnsGranted: 0,
    queue: [],
  };
}
