/** A call that the load wants made, under one Idempotency-Key, and everything that clients learned about it. */

/** The body of `POST /api/vps/call`. */
export interface CallBody {
  readonly agent_name: string;
  /** Begins with `#<number of the request>`, so that a prompt that an agent received identifies its request. */
  readonly prompt: string;
  readonly session_id?: string;
  readonly deadline_seconds: number;
  readonly on_disconnect?: 'cancel';
}

/** The outcome of a submission. `unclear` means no answer, or an answer that leaves open whether the call was started. */
export type Outcome = 'accepted' | 'refused' | 'unclear';

/** One HTTP request that submitted the call, and its answer. */
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
  readonly sessionStored: boolean | null;
  /** When the answer that reported it arrived (epoch ms). */
  readonly at: number;
  /** The request that was answered: `POST /call`, or `GET /calls/{id}`. */
  readonly to: 'call' | 'read';
}

/** A call that the load wants made. The journal records each change of it. */
export interface CallRequest {
  readonly number: number;
  readonly key: string;
  readonly step: string;
  readonly body: CallBody;
  /** The id of the call that this request reruns. `body` is then that of the original call. */
  readonly rerunOf?: string;
  readonly submissions: Submission[];
  readonly endings: ReportedEnding[];
  /** Set if no client follows the request up. The call must nevertheless end, or never have been started. */
  abandoned?: true;
  cancelAsked?: true;
}

/**
 * Returns the outcome of all submissions together: accepted if one was, otherwise unclear if one may have been, otherwise
 * refused.
 */
export function outcomeOf({ submissions }: Pick<CallRequest, 'submissions'>): Outcome {
  if (submissions.some(({ outcome }) => outcome === 'accepted')) return 'accepted';
  return submissions.length === 0 || submissions.some(({ outcome }) => outcome === 'unclear')
    ? 'unclear'
    : 'refused';
}

/** Returns the id of the call; undefined until a submission was accepted. */
export function callIdOf({ submissions }: Pick<CallRequest, 'submissions'>): string | undefined {
  return submissions.find(({ outcome }) => outcome === 'accepted')?.callId;
}
