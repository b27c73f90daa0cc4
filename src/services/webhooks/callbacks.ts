/** What users do with the `callback_url` of a call. Every method may throw the refusal `temporal_unavailable`. */
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { Refusal } from '../../domain/failures.ts';
import { callbackWorkflowId } from '../../domain/ids.ts';
import { describeExecution } from '../calls/call-execution.ts';
import { readCallRun } from '../calls/existing-call.ts';
import { readEnding } from '../endings/read-ending.ts';
import { describeWorkflow } from '../temporal/describe-workflow.ts';
import type { Temporal } from '../temporal/rpc.ts';
import { startCallback } from './start-callback.ts';
import type { WebhookSender } from './webhook-sender.ts';

/**
 * `pending`: the call has not ended, or its event is being sent. `failed`: it was given up. `unknown`: the call ended long ago,
 * and Temporal knows of no callback.
 */
export type CallbackStatus = 'pending' | 'delivered' | 'failed' | 'unknown';

/** How long after the end of a call its callback has begun, in ms, if nothing stood still: that takes a minute or two. */
const begunWithinMs = 3_600_000;

interface Parts {
  readonly temporal: Temporal;
  readonly sender: WebhookSender;
  /** How long the event of a call is tried, in ms. */
  readonly retryMs: number;
}

export class Callbacks {
  private readonly parts: Parts;

  constructor(parts: Parts) {
    this.parts = parts;
  }

  /** Returns the secret that signs what is sent to the `callback_url` of the project's calls. */
  secretOf(project: string): string {
    return this.parts.sender.callbackSecret(project);
  }

  /** Seals the `callback_url` of a call. Throws the refusal `webhook_address_refused`. */
  seal(url: string): string {
    const { sender } = this.parts;
    sender.check(url, 'callback_url');
    return sender.sealCallback(url);
  }

  /** Returns what has become of the callback of a call's run, which ended at `endedAt` (epoch ms), or has not. */
  async status(runId: string, endedAt: number | undefined, now: number): Promise<CallbackStatus> {
    const found = await describeWorkflow(this.parts.temporal, callbackWorkflowId(runId));
    switch (found?.status.name) {
      case undefined:
        return endedAt === undefined || now - endedAt < begunWithinMs ? 'pending' : 'unknown';
      case 'RUNNING':
      case 'PAUSED':
        return 'pending';
      case 'COMPLETED':
        return 'delivered';
      default:
        return 'failed';
    }
  }

  /** Has the callback of an ended call sent again. Throws the refusals `call_not_found` and `event_not_found`. */
  async redeliver(callId: string): Promise<void> {
    const { temporal, retryMs } = this.parts;
    const { runId } = await describeExecution(temporal, callId);
    const { input } = await readCallRun(temporal, callId, runId);
    const ending = input.callbackUrl === undefined ? undefined : await readEnding(temporal, callId, runId);
    if (typeof ending !== 'object')
      throw new Refusal('event_not_found', `Call '${callId}' has no callback_url, or has not ended`);
    try {
      await startCallback(temporal, ending, retryMs, { again: true });
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error; // It is being sent.
    }
  }
}
