/** `call`: asks an agent and waits, without ever asking twice: however often it connects anew, it is one call. */
import { randomUUID } from 'node:crypto';
import { text as readAll } from 'node:stream/consumers';
import { InvalidArgumentError, type Command } from 'commander';
import type { CallEvent } from '../../contract/call-events.ts';
import type { CallDescription } from '../../contract/calls.ts';
import { asArgument } from '../call-id.ts';
import { declareForNode, withNode, type Context } from '../command.ts';
import { CliError } from '../errors.ts';
import { positive } from '../filter-options.ts';
import type { ExitName } from '../exit-codes.ts';
import { untilInterrupted } from '../interrupt.ts';
import { jsonText, type JsonText } from '../json-text.ts';
import { note } from '../output.ts';
import { startSpinner } from '../progress.ts';
import { showEnding } from '../show-call.ts';
import { submit, untilEnded } from '../submit.ts';
import { describeEvent } from '../describe-event.ts';
import { followEvents } from '../follow-events.ts';

interface Options {
  readonly session?: string;
  readonly user?: string;
  readonly metadata?: JsonText;
  readonly deadline?: number;
  readonly async?: true;
  readonly idempotencyKey?: string;
}

const asObject = jsonText(
  'a JSON object',
  '{"channel": "mail"}',
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
);

export function addCallCommand(program: Command): void {
  declareForNode(program, 'call <agent> [prompt]', 'ask an agent and wait for its answer', [
    'call helper "Hello!" --session first',
    'call helper - < question.txt',
    'call helper "Take your time" --async',
  ])
    .usage('[options] <agent> [prompt|-]')
    .option('--session <id>', 'continue this session, or begin it')
    .option('--user <id>', 'who asks')
    .option('--metadata <json>', 'an object, merged into that of the session', asObject)
    .option('--deadline <seconds>', 'when the call ends at the latest', positive)
    .option('--async', 'do not wait: print the call id once the call is accepted')
    .option(
      '--idempotency-key <key>',
      'the same key and request are the same call, however often it is sent',
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
      prompt: await promptOf(prompt),
      session_id: options.session,
      user_id: options.user,
      deadline_seconds: options.deadline,
    },
    rawMembers: { metadata: options.metadata },
    key: options.idempotencyKey ?? randomUUID(),
  };
  let callId: string | undefined;
  const told = (): string =>
    callId === undefined
      ? 'Stopped before the node said that it has the call; it may have it'
      : `The call goes on: holdfast calls watch ${asArgument(callId)}, or holdfast calls cancel ${asArgument(callId)}`;
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
  }, told);
}

/** On a terminal with what happens to the call meanwhile. */
async function waitFor({ client }: Context, callId: string, ended: () => Promise<void>): Promise<void> {
  const startedAt = Date.now();
  const over = new AbortController();
  let latest = 'accepted';
  const spinner = startSpinner(
    () => `${callId}  ${((Date.now() - startedAt) / 1_000).toFixed(0)} s  ${latest}`,
  );
  if (process.stderr.isTTY) void tellLatest();
  try {
    await ended();
  } finally {
    over.abort();
    spinner.stop();
  }

  async function tellLatest(): Promise<void> {
    try {
      const path = `/calls/${encodeURIComponent(callId)}/events`;
      for await (const { data } of followEvents(client, path, over.signal))
        latest = describeEvent(data as CallEvent);
    } catch {
      // The spinner tells less then; the call is waited for all the same.
    }
  }
}

async function promptOf(given: string | undefined): Promise<string> {
  if (given !== undefined && given !== '-') return given;
  if (process.stdin.isTTY) note('Type the prompt; Ctrl-D ends it');
  const text = await readAll(process.stdin);
  if (text.trim() === '')
    throw new CliError('usage', 'The prompt is empty: give it as an argument or on standard input');
  return text;
}

/** A header loses spaces at its ends, and takes nothing else. */
function asKey(text: string): string {
  if (!/^[\x21-\x7e]([\x20-\x7e]{0,253}[\x21-\x7e])?$/.test(text))
    throw new InvalidArgumentError('Takes 1 to 255 printable ASCII characters, no spaces at the ends.');
  return text;
}
