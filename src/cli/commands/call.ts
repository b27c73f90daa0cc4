/** The command `call`: sends a call and waits for its end. Reconnecting never makes a second call (see submit.ts). */
import { randomUUID } from 'node:crypto';
import { Option, type Command } from 'commander';
import type { CallEvent } from '../../contract/call-events.ts';
import type { CallRequest } from '../../contract/call-requests.ts';
import type { CallDescription } from '../../contract/calls.ts';
import { asArgument } from '../call-id.ts';
import { declareForNode, withNode, type Context } from '../command.ts';
import { positive } from '../filter-options.ts';
import type { ExitName } from '../exit-codes.ts';
import { untilInterrupted } from '../interrupt.ts';
import type { JsonText } from '../json-text.ts';
import { startSpinner } from '../progress.ts';
import { asKey, asObject, givenText } from '../request-options.ts';
import { showEnding } from '../show-call.ts';
import { submit, untilEnded } from '../submit.ts';
import { describeEvent } from '../describe-event.ts';
import { followEvents } from '../follow-events.ts';

interface Options {
  readonly session?: string;
  readonly whenBusy?: CallRequest['when_busy'];
  readonly user?: string;
  readonly metadata?: JsonText;
  readonly deadline?: number;
  readonly callback?: string;
  readonly async?: true;
  readonly idempotencyKey?: string;
}

/** Declares `call`. */
export function addCallCommand(program: Command): void {
  declareForNode(program, 'call <agent> [prompt]', 'ask an agent and wait for its answer', [
    'call helper "Hello!" --session first',
    'call helper - < question.txt',
    'call helper "Take your time" --async',
    'call helper "No, I meant this" --session first --when-busy interrupt',
  ])
    .usage('[options] <agent> [prompt|-]')
    .option('--session <id>', 'session to continue; it is created if it does not exist')
    .addOption(
      new Option(
        '--when-busy <policy>',
        'if other calls have the turn of the session: wait behind them (the default), be refused, or cancel them',
      ).choices(['queue', 'reject', 'interrupt']),
    )
    .option('--user <id>', 'user on whose behalf the call is made')
    .option('--metadata <json>', 'JSON object that is merged into the metadata of the session', asObject)
    .option('--deadline <seconds>', 'time limit for the whole call', positive)
    .option('--callback <url>', 'URL that gets the signed event of how the call ends, with its content')
    .option('--async', 'do not wait for the answer: print the call id when the call is accepted')
    .option(
      '--idempotency-key <key>',
      'a request that repeats key and content attaches to the first call instead of starting another',
      asKey,
    )
    .action(withNode(call));
}

async function call(
  { client, out }: Context,
  agent: string,
  prompt: string | undefined,
  options: Options,
): Promise<ExitName> {
  const request = {
    body: {
      agent_name: agent,
      prompt: await givenText(prompt, 'prompt'),
      session_id: options.session,
      when_busy: options.whenBusy,
      user_id: options.user,
      deadline_seconds: options.deadline,
      callback_url: options.callback,
    },
    rawMembers: { metadata: options.metadata },
    key: options.idempotencyKey ?? randomUUID(),
  };
  let callId: string | undefined;
  const interruptedMessage = (): string =>
    callId === undefined
      ? 'Stopped before the node confirmed the call; it may have accepted it (holdfast calls list)'
      : `The call continues: holdfast calls watch ${asArgument(callId)}, or holdfast calls cancel ${asArgument(callId)}`;
  return untilInterrupted(async (signal) => {
    callId = await submit(client, request, signal);
    if (options.async) {
      if (out.json) out.document({ call_id: callId, status: 'running' });
      else out.line(callId);
      return 'ok';
    }
    await waitFor({ client, out }, callId, () => untilEnded(client, request, signal));
    const ended = await client.get<CallDescription>(`/calls/${encodeURIComponent(callId)}`);
    if (out.json) out.document(ended);
    else showEnding(out, ended);
    return ended.status === 'completed' ? 'ok' : 'failed';
  }, interruptedMessage);
}

/** Waits for `ended`. On a terminal a spinner shows the call's latest event meanwhile. */
async function waitFor({ client }: Context, callId: string, ended: () => Promise<void>): Promise<void> {
  const startedAt = Date.now();
  const stopFollowing = new AbortController();
  let latest = 'accepted';
  const spinner = startSpinner(
    () => `${callId}  ${((Date.now() - startedAt) / 1_000).toFixed(0)} s  ${latest}`,
  );
  if (process.stderr.isTTY) void followLatest();
  try {
    await ended();
  } finally {
    stopFollowing.abort();
    spinner.stop();
  }

  async function followLatest(): Promise<void> {
    try {
      const path = `/calls/${encodeURIComponent(callId)}/events`;
      for await (const { data } of followEvents(client, path, stopFollowing.signal))
        latest = describeEvent(data as CallEvent);
    } catch {
      // The spinner then stays at the last known event. The wait for the call is another request.
    }
  }
}
