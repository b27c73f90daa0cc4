/** A call that the load wishes for, under one Idempotency-Key, and all that was heard of it. */

export interface CallBody {
  readonly agent_name: string;
  /** Begins with `#<number of the wish>`: what an agent was asked leads back to the wish. */
  readonly prompt: string;
  readonly session_id?: string;
  readonly deadline_seconds: number;
  readonly on_disconnect?: 'cancel';
}

/** `unclear`: no answer, or one that leaves open whether the call was started. */
export type Outcome = 'accepted' | 'refused' | 'unclear';

export interface WishTry {
  readonly facade: string;
  /** Epoch ms. */
  readonly sentAt: number;
  readonly answeredAt: number;
  readonly outcome: Outcome;
  readonly status?: number;
  readonly errorType?: string;
  readonly callId?: string;
}

/** The end of a call as a client was told it. */
export interface ToldEnding {
  readonly success: boolean;
  readonly response: string | null;
  readonly errorType: string | null;
}

export interface Wish {
  readonly number: number;
  readonly key: string;
  readonly step: string;
  readonly body: CallBody;
  /** The call whose request is run again; then the body is that of the original. */
  readonly rerunOf?: string;
  readonly tries: WishTry[];
  readonly endings: ToldEnding[];
  /** Nobody follows it up: it must end, or never have been. */
  abandoned?: true;
  cancelAsked?: true;
}

export function outcomeOf({ tries }: Pick<Wish, 'tries'>): Outcome {
  if (tries.some(({ outcome }) => outcome === 'accepted')) return 'accepted';
  return tries.length === 0 || tries.some(({ outcome }) => outcome === 'unclear') ? 'unclear' : 'refused';
}

/** Of an accepted wish. */
export function callIdOf({ tries }: Pick<Wish, 'tries'>): string | undefined {
  return tries.find(({ outcome }) => outcome === 'accepted')?.callId;
}
