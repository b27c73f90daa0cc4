/**
 * The endings of calls that this process knows and whose sessions it has not told yet. A session takes an ending over by itself,
 * at the latest before its next turn or read (ADR 0035); what this file does makes that quick and cheap. Usually the next
 * request for a turn takes the ending along, which costs nothing. If others wait, the session is told by a signal at once; if no
 * request comes, by an update after a while.
 */
import { setMaxListeners } from 'node:events';
import type { CallInput } from '../../domain/call.ts';
import { sizeAsJson } from '../../domain/json-bytes.ts';
import { sessionKey } from '../../domain/cache-keys.ts';
import { placeOf, type TurnCommit, type TurnHints, type TurnPlace } from '../../domain/turn.ts';
import { commitOf } from '../../domain/turn-text.ts';
import { sessionOwner } from '../../payloads/owners.ts';
import type { CallEnd } from '../calls/call-ending.ts';
import { commitTurn, keepInSession, type TurnDependencies } from './turn-commits.ts';

/** How long an ending waits for a next request for a turn. */
const quietMs = 3_000;
/** The most bytes of endings that a request for a turn takes along. Larger ones are told by signals. */
const maxTakenBytes = 256 * 1024;

/** How many events a session's history has more once a grant is recorded than when its workflow task began. */
const eventsOfGrant = 3;

/** The end of a call that its session has not been told. */
interface UntoldEnding {
  readonly place: TurnPlace;
  /** The commit, once its large texts belong to the session. Undefined if they could not be copied. */
  readonly commit: Promise<TurnCommit | undefined>;
  /** How many events the session had when it granted the turn. Undefined if the call had to wait for it. */
  readonly historyLength: number | undefined;
  /** Set while a request for a turn has taken the ending along. */
  isOnItsWay?: true;
}

interface KnownSession {
  readonly sessionId: string;
  /**
   * The calls of this process that have or want the turn and have not ended, with the number of events that the session had
   * when it granted the turn. Undefined for a call that had to wait.
   */
  readonly running: Map<string, number | undefined>;
  /** By call id. */
  readonly untold: Map<string, UntoldEnding>;
  quiet?: NodeJS.Timeout;
}

/** Endings that a request for a turn takes along. Call exactly one of the two functions afterwards. */
export interface TakenEndings {
  readonly commits: readonly TurnCommit[];
  /** The session has them. */
  readonly told: () => void;
  /** The request failed, or it is unclear whether it arrived. Telling a session twice does no harm. */
  readonly giveBack: () => void;
}

const noneTaken: TakenEndings = { commits: [], told: () => undefined, giveBack: () => undefined };

export class UntoldEndings {
  private readonly deps: TurnDependencies;
  private readonly end: (callId: string, signal: AbortSignal) => Promise<CallEnd | undefined>;
  private readonly sessions = new Map<string, KnownSession>();
  private readonly stopping = new AbortController();

  /** `end` waits for the end of a call. */
  constructor(
    deps: TurnDependencies,
    end: (callId: string, signal: AbortSignal) => Promise<CallEnd | undefined>,
  ) {
    this.deps = deps;
    this.end = end;
    setMaxListeners(0, this.stopping.signal); // One per call that is followed.
  }

  /**
   * Waits for the end of a call that this process has started, to tell its session. `hints` came with the turn. Returns at once.
   */
  follow(input: CallInput, hints: TurnHints | undefined): void {
    const { callId, sessionId, turn } = input;
    if (sessionId === undefined || !turn?.endsByItself) return;
    const isGranted = turn.state === 'granted';
    this.sessionOf(sessionId).running.set(callId, isGranted ? hints?.historyLength : undefined);
    if (!isGranted) void this.tell(sessionId); // The call waits, perhaps for one that has ended meanwhile.
    this.end(callId, this.stopping.signal)
      .then((end) => {
        // A call that ended while it waited has told its session itself.
        const known = (end?.result ?? end?.failure)?.sessionStored !== undefined;
        if (end && !known) this.keep(sessionId, input, end);
      })
      .catch(() => undefined) // For example, somebody has deleted the call. The session looks by itself.
      .finally(() => this.over(sessionId, callId));
  }

  /** Waits for the end of any call. Resolves with false if this process stops. */
  async whenEnded(callId: string): Promise<boolean> {
    return (await this.end(callId, this.stopping.signal)) !== undefined;
  }

  /** Whether this process waits for the end of the call. */
  follows(sessionId: string, callId: string): boolean {
    return this.sessions.get(sessionKey(sessionId))?.running.has(callId) ?? false;
  }

  /** Returns the untold ending of a call, if this process knows it. */
  async of(sessionId: string, callId: string): Promise<TurnCommit | undefined> {
    return this.sessions.get(sessionKey(sessionId))?.untold.get(callId)?.commit;
  }

  /** Call this once the session has the ending of the call, so that it is not told again. */
  settled(sessionId: string, callId: string): void {
    const session = this.sessions.get(sessionKey(sessionId));
    const ending = session?.untold.get(callId);
    if (session && ending) this.drop(session, [[callId, ending]]);
  }

  /** Takes the session's untold endings along with a request for a turn. */
  async take(sessionId: string): Promise<TakenEndings> {
    const session = this.sessions.get(sessionKey(sessionId));
    const taken = [...(session?.untold ?? [])].filter(([, ending]) => !ending.isOnItsWay);
    if (!session || taken.length === 0) return noneTaken;
    clearTimeout(session.quiet);
    for (const [, ending] of taken) ending.isOnItsWay = true;
    const giveBack = (): void => {
      for (const [, ending] of taken) delete ending.isOnItsWay;
      this.tellSoon(session);
    };
    const commits = (await Promise.all(taken.map(([, { commit }]) => commit))).filter(
      (one) => one !== undefined,
    );
    if (sizeAsJson(commits) > maxTakenBytes) {
      await this.tellThese(session, taken);
      return noneTaken;
    }
    return { commits, told: () => this.drop(session, taken), giveBack };
  }

  /** Tells the session at once what this process knows of it. Never throws: if that fails, the session looks by itself. */
  async tell(sessionId: string): Promise<void> {
    const session = this.sessions.get(sessionKey(sessionId));
    if (session) await this.tellThese(session, [...session.untold]);
  }

  /**
   * Call this with a description of the session after the call's end. If the session has more events than the grant of the turn
   * added, others may wait, so it is told at once.
   */
  sessionSeen(
    sessionId: string,
    callId: string,
    seen: { readonly runId: string; readonly historyLength: number },
  ): void {
    const ending = this.sessions.get(sessionKey(sessionId))?.untold.get(callId);
    if (!ending || ending.isOnItsWay || ending.historyLength === undefined) return;
    const isQuiet =
      seen.runId === ending.place.runId && seen.historyLength <= ending.historyLength + eventsOfGrant;
    if (!isQuiet) void this.tell(sessionId);
  }

  /** Tells all sessions, and waits for no further ends. Call this when the process stops. */
  async close(): Promise<void> {
    this.stopping.abort();
    await this.tellAll();
  }

  /** Tells all sessions at once. */
  async tellAll(): Promise<void> {
    await Promise.all([...this.sessions.values()].map(({ sessionId }) => this.tell(sessionId)));
  }

  private keep(sessionId: string, input: CallInput, end: CallEnd): void {
    const { callId, turn } = input;
    const place = placeOf(turn);
    const owner = sessionOwner(sessionId, place.life);
    const commit = keepInSession(this.deps.texts, owner, commitOf(input, end)).catch(() => undefined);
    const session = this.sessionOf(sessionId);
    const historyLength = session.running.get(callId);
    session.untold.set(callId, { place, commit, historyLength });
    session.running.delete(callId);
    if (session.running.size > 0 || historyLength === undefined) void this.tell(sessionId);
    else this.tellSoon(session);
  }

  private tellSoon(session: KnownSession): void {
    clearTimeout(session.quiet);
    if (session.untold.size === 0) return;
    const tell = (): unknown => this.tellThese(session, [...session.untold], { byUpdate: true });
    session.quiet = setTimeout(tell, quietMs);
    session.quiet.unref();
  }

  private async tellThese(
    session: KnownSession,
    endings: readonly [string, UntoldEnding][],
    how?: { readonly byUpdate: boolean },
  ): Promise<void> {
    this.drop(session, endings);
    for (const [, { place, commit }] of endings) {
      const known = await commit;
      if (known) await commitTurn(this.deps, session.sessionId, known, place, how).catch(() => false);
    }
  }

  private drop(session: KnownSession, endings: readonly [string, UntoldEnding][]): void {
    for (const [callId] of endings) session.untold.delete(callId);
    if (session.untold.size === 0) clearTimeout(session.quiet);
    this.forgetIfIdle(session);
  }

  private over(sessionId: string, callId: string): void {
    const session = this.sessionOf(sessionId);
    session.running.delete(callId);
    this.forgetIfIdle(session);
  }

  private forgetIfIdle(session: KnownSession): void {
    if (session.running.size > 0 || session.untold.size > 0) return;
    clearTimeout(session.quiet);
    const key = sessionKey(session.sessionId);
    // A request may come back after the session was forgotten, and another may be known under its id.
    if (this.sessions.get(key) === session) this.sessions.delete(key);
  }

  private sessionOf(sessionId: string): KnownSession {
    const key = sessionKey(sessionId);
    const session = this.sessions.get(key) ?? { sessionId, running: new Map(), untold: new Map() };
    this.sessions.set(key, session);
    return session;
  }
}
