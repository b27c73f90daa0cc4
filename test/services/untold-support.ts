/** A facade that follows calls which end as the test says. What it sends to sessions is recorded in place of Temporal. */
import { WorkflowNotFoundError } from '@temporalio/client';
import type { CallInput, CallResult } from '../../src/domain/call.ts';
import type { GrantedTurn, QueuedTurn, TurnCommit } from '../../src/domain/turn.ts';
import { PayloadStoreError, type PayloadStore } from '../../src/payloads/payload-store.ts';
import { TextStore } from '../../src/payloads/text-store.ts';
import type { CallEnd } from '../../src/services/calls/call-ending.ts';
import { UntoldEndings } from '../../src/services/sessions/untold-endings.ts';
import type { TurnDependencies } from '../../src/services/sessions/turn-commits.ts';
import { EntityUpdateLimit } from '../../src/services/temporal/entity-updates.ts';
import type { Temporal } from '../../src/services/temporal/rpc.ts';

/** What a session was told, and how. */
export interface Told {
  readonly by: 'signal' | 'update';
  /** The workflow id of the session, and the run if only that run may get it. */
  readonly to: string;
  readonly runId?: string | undefined;
  readonly commit: TurnCommit;
}

/** How many events the session had when it granted a turn. */
export const historyLength = 10;

const result: CallResult = {
  chain: ['echo'],
  attempts: [],
  queuedMs: 0,
  agentName: 'echo',
  response: 'answer',
};

export const answeredAt = (endedAt: number, more: Partial<CallResult> = {}): CallEnd => ({
  endedAt,
  result: { ...result, ...more },
});

const place = { runId: 'run', life: 'life', endsByItself: true } as const;
/** A turn of a session from before lives existed. */
export const withoutLife: GrantedTurn = {
  state: 'granted',
  turnNumber: 1,
  grantedAt: 0,
  window: [],
  runId: 'run',
  endsByItself: true,
};
const granted: GrantedTurn = { state: 'granted', turnNumber: 1, grantedAt: 0, window: [], ...place };
const queued: QueuedTurn = { state: 'queued', position: 1, comesByItself: true, ...place };

interface Waited {
  readonly signal: AbortSignal;
  resolve(end: CallEnd | undefined): void;
  reject(error: Error): void;
}

export class UntoldRig {
  readonly told: Told[] = [];
  /** The payload store. */
  readonly stored = new Map<string, Buffer>();
  readonly untold: UntoldEndings;
  /** Set to what a signal to a session fails with. */
  signalFails: Error | undefined;
  /** Set to what an update of a session fails with. */
  updateFails: Error | undefined;
  private readonly waited = new Map<string, Waited>();

  constructor() {
    this.untold = new UntoldEndings(this.dependencies(), (callId, signal) => this.wait(callId, signal));
  }

  /** What was told, as the ids of the calls. */
  get toldOf(): string[] {
    return this.told.map(({ commit }) => commit.callId);
  }

  /** Whether the facade waits for the end of the call, and has not given up. */
  waitsFor(callId: string): boolean {
    return this.waited.get(callId)?.signal.aborted === false;
  }

  /** Follows a call that was started: one with the turn, unless `more` says otherwise. */
  follow(callId: string, more: Partial<CallInput> = {}): void {
    const input: CallInput = {
      callId,
      agentName: 'echo',
      prompt: `ask ${callId}`,
      sessionId: 's',
      chain: [],
      unregistered: [],
      turn: granted,
      deadlineMs: 60_000,
      heartbeatTimeoutMs: 5_000,
      ...more,
    };
    this.untold.follow(input, { holderId: callId, historyLength });
  }

  /** Follows a call that has to wait for its turn. */
  followQueued(callId: string): void {
    this.follow(callId, { turn: queued });
  }

  /** Follows a call that has the turn, and ends it. */
  async followToEnd(
    callId: string,
    end: CallEnd = answeredAt(1),
    more: Partial<CallInput> = {},
  ): Promise<void> {
    this.follow(callId, more);
    await this.end(callId, end);
  }

  async end(callId: string, end: CallEnd | undefined = answeredAt(1)): Promise<void> {
    this.waited.get(callId)?.resolve(end);
    await settled();
  }

  async loseWait(callId: string): Promise<void> {
    this.waited.get(callId)?.reject(new Error('The call was deleted'));
    await settled();
  }

  private wait(callId: string, signal: AbortSignal): Promise<CallEnd | undefined> {
    return new Promise((resolve, reject) => {
      this.waited.set(callId, { signal, resolve, reject });
      const giveUp = (): void => resolve(undefined);
      if (signal.aborted) giveUp();
      signal.addEventListener('abort', giveUp);
    });
  }

  private dependencies(): TurnDependencies {
    const getHandle = (to: string, runId?: string) => ({
      signal: (_definition: unknown, commit: TurnCommit) => {
        if (this.signalFails) return Promise.reject(this.signalFails);
        this.told.push({ by: 'signal', to, runId, commit });
        return Promise.resolve();
      },
      executeUpdate: (_definition: unknown, { args: [commit] }: { args: [TurnCommit] }) => {
        if (this.updateFails) return Promise.reject(this.updateFails);
        this.told.push({ by: 'update', to, runId, commit });
        return Promise.resolve(true);
      },
    });
    const withDeadline = (_until: number, call: () => unknown) => call();
    const temporal = { client: { withDeadline, workflow: { getHandle } } } as unknown as Temporal;
    const { stored } = this;
    const store = {
      read: (key: string) =>
        key.startsWith('unreadable')
          ? Promise.reject(new PayloadStoreError('away'))
          : Promise.resolve(stored.get(key)),
      write: (key: string, bytes: Uint8Array) => Promise.resolve(void stored.set(key, Buffer.from(bytes))),
    } as Partial<PayloadStore> as PayloadStore;
    return { temporal, updateLimit: new EntityUpdateLimit(), texts: new TextStore(store, 1_000) };
  }
}

/** The error of a signal to a run that is closed. */
export const runIsClosed = (): Error => new WorkflowNotFoundError('closed', 'session-s', 'run');

/** Resolves once what is under way without a timer has settled. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
