/** A call that the load wants made, under one Idempotency-Key, and everything that clients learned about it. */

export interface CallBody {
  readonly agent_name: string;
  /** Begins with `#<number of the request>`: a prompt that an agent received leads back to its request. */
  readonly prompt: string;
  readonly session_id?: string;
  readonly deadline_seconds: number;
  readonly on_disconnect?: 'cancel';
}

/** `unclear`: no answer, or one that leaves open whether the call was started. */
export type Outcome = 'accepted' | 'refused' | 'unclear';

export interface Submission {
  readonly facade: string;
  /** Epoch ms. */
  readonly sentAt: number;
  readonly answeredAt: number;
  readonly outcome: Outcome;
  readonly status?: number;
  readonly errorType?: string;
  readonly callId?: string;
}

/** How a call ended, as the API reported it to a client. */
export interface ReportedEnding {
  readonly success: boolean;
  readonly response: string | null;
  readonly errorType: string | null;
}

export interface CallRequest {
  readonly number: number;
  readonly key: string;
  readonly step: string;
  readonly body: CallBody;
  /** The call whose request is run again; then the body is that of the original. */
  readonly rerunOf?: string;
  readonly submissions: Submission[];
  readonly endings: ReportedEnding[];
  /** No client follows it up: the call must end, or never have been started. */
  abandoned?: true;
  cancelAsked?: true;
}

export function outcomeOf({ submissions }: Pick<CallRequest, 'submissions'>): Outcome {
  if (submissions.some(({ outcome }) => outcome === 'accepted')) return 'accepted';
  return submissions.length === 0 || submissions.some(({ outcome }) => outcome === 'unclear')
    ? 'unclear'
    : 'refused';
}

/** The id of the call, once a submission was accepted. */
export function callIdOf({ submissions }: Pick<CallRequest, 'submissions'>): string | undefined {
  return submissions.find(({ outcome }) => outcome === 'accepted')?.callId;
}
