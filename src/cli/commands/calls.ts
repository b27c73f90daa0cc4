/** The commands `calls list`, `show`, `watch`, `cancel`, `callback` and `export`. */
import type { Command } from 'commander';
import type { CallAccepted, CallDescription } from '../../contract/calls.ts';
import { findCallId } from '../call-id.ts';
import { declareForNode, withExamples, withNode, type Context } from '../command.ts';
import { showCall } from '../show-call.ts';
import { watchCall } from '../watch-call.ts';
import { addCallsExport } from './calls-export.ts';
import { addCallsList } from './calls-list.ts';

/** Declares the commands. */
export function addCallsCommands(program: Command): void {
  const calls = withExamples(
    program.command('calls').description('list, show, watch, cancel and export calls'),
    ['calls list --status failed --since 12h'],
  );
  addCallsList(calls);
  declareForNode(calls, 'show <call-id>', 'show everything about a call', [
    'calls show 5f0c6f4e-4a3b',
  ]).action(withNode(show));
  declareForNode(calls, 'watch <call-id>', 'print the events of a call until it ends', [
    'calls watch 5f0c6f4e-4a3b',
    'calls watch 5f0c6f4e-4a3b --json | jq -r .type',
  ]).action(
    withNode(async (context, given: string) => watchCall(context, await findCallId(context.client, given))),
  );
  declareForNode(calls, 'cancel <call-id>', 'cancel a call; a call that has ended does not change', [
    'calls cancel 5f0c6f4e-4a3b',
  ]).action(withNode(cancel));
  declareForNode(calls, 'callback <call-id>', 'send the event of an ended call to its callback URL again', [
    'calls callback 5f0c6f4e-4a3b',
  ]).action(withNode(callback));
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
  else if (status === 202) out.line(`Cancelling ${body.call_id}`);
  else out.line(`${body.call_id} has already ended: ${body.status}`);
}

async function callback({ client, out }: Context, given: string): Promise<undefined> {
  const callId = await findCallId(client, given);
  const { body } = await client.request('POST', `/calls/${encodeURIComponent(callId)}/callback`);
  if (out.json) out.document(body);
  else out.text(`Accepted: holdfast calls show ${callId} shows what becomes of it`);
}
