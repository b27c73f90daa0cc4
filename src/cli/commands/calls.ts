/** `calls`: look at them, watch, cancel, export. */
import type { Command } from 'commander';
import type { CallAccepted, CallDescription } from '../../contract/calls.ts';
import { findCallId } from '../call-id.ts';
import { declareForNode, withExamples, withNode, type Context } from '../command.ts';
import { showCall } from '../show-call.ts';
import { watchCall } from '../watch-call.ts';
import { addCallsExport } from './calls-export.ts';
import { addCallsList } from './calls-list.ts';

export function addCallsCommands(program: Command): void {
  const calls = withExamples(
    program.command('calls').description('find calls, look at them, watch, cancel, export'),
    ['calls list --status failed --since 12h'],
  );
  addCallsList(calls);
  declareForNode(calls, 'show <call-id>', 'everything about one call', ['calls show 5f0c6f4e-4a3b']).action(
    withNode(show),
  );
  declareForNode(calls, 'watch <call-id>', 'what happens to a call, until it has ended', [
    'calls watch 5f0c6f4e-4a3b',
    'calls watch 5f0c6f4e-4a3b --json | jq -r .type',
  ]).action(
    withNode(async (context, given: string) => watchCall(context, await findCallId(context.client, given))),
  );
  declareForNode(calls, 'cancel <call-id>', 'cancel a call; one that has ended stays as it is', [
    'calls cancel 5f0c6f4e-4a3b',
  ]).action(withNode(cancel));
  addCallsExport(calls);
}

async function show({ client, out }: Context, given: string): Promise<undefined> {
  const callId = await findCallId(client, given);
  const call = await client.get<CallDescription>(`/calls/${encodeURIComponent(callId)}`);
  if (out.json) out.document(call);
  else showCall(out, call);
}

async function cancel({ client, out }: Context, given: string): Promise<undefined> {
  const callId = await findCallId(client, given);
  const path = `/calls/${encodeURIComponent(callId)}/cancel`;
  const { status, body } = await client.request<CallAccepted>('POST', path);
  if (out.json) out.document(body);
  else if (status === 202) out.line(`Cancellation of ${body.call_id} is under way`);
  else out.line(`${body.call_id} had ended before: ${body.status}`);
}
