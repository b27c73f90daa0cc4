import type { Client } from '@temporalio/client';
import type { CallInput } from '../../src/domain/call.ts';
import { readPayload } from '../../src/temporal-sdk/payloads.ts';

/** Reads the input of a call's workflow from its history. */
export async function inputOf(temporal: Client, callId: string): Promise<CallInput> {
  const { events } = await temporal.workflow.getHandle(`call-${callId}`).fetchHistory();
  const input = readPayload<CallInput>(events?.[0]?.workflowExecutionStartedEventAttributes?.input);
  if (!input) throw new Error(`The call ${callId} has no input`);
  return input;
}
