/** The commands `sessions fork`, `append` and `set`. */
import { Option, type Command } from 'commander';
import type { SessionAppended, SessionFork, SessionSettings } from '../../contract/sessions.ts';
import { declareForNode, withNode, type Context } from '../command.ts';
import { CliError } from '../errors.ts';
import { wholeNumber } from '../filter-options.ts';
import type { JsonText } from '../json-text.ts';
import { asKey, asObject, givenText } from '../request-options.ts';
import { sessionPartPath } from '../resource-paths.ts';

interface ForkOptions {
  readonly before?: number;
  readonly to?: string;
}

interface AppendOptions {
  readonly role: string;
  readonly agent?: string;
  readonly user?: string;
  readonly metadata?: JsonText;
  readonly idempotencyKey?: string;
}

interface SetOptions {
  /** False with --no-system. */
  readonly system?: string | false;
  readonly turns?: number;
  readonly characters?: number;
  /** False with --no-window. */
  readonly window: boolean;
}

/** Declares the commands. */
export function addSessionChanges(sessions: Command): void {
  declareForNode(sessions, 'fork <session-id>', 'make a new session with the messages of this one', [
    'sessions fork first',
    'sessions fork first --before 4 --to second',
  ])
    .option(
      '--before <number>',
      'take along only the messages before this one (sessions show has the numbers)',
      wholeNumber(0, Number.MAX_SAFE_INTEGER),
    )
    .option('--to <session-id>', 'id of the new session (default: a generated one)')
    .action(withNode(fork));
  declareForNode(sessions, 'append <session-id> [content]', 'append a message to a session, without a call', [
    'sessions append first "The parcel has arrived."',
    'sessions append first --role assistant --agent support - < answer.txt',
  ])
    .usage('[options] <session-id> [content|-]')
    .addOption(
      new Option('--role <role>', 'role of the message')
        .choices(['user', 'assistant', 'system'])
        .default('user'),
    )
    .option('--agent <name>', 'who said it; with --role assistant')
    .option('--user <id>', 'user of the session, if it has none yet')
    .option('--metadata <json>', 'JSON object that is merged into the metadata of the session', asObject)
    .option('--idempotency-key <key>', 'a request that repeats key and content appends nothing', asKey)
    .action(withNode(append));
  declareForNode(
    sessions,
    'set <session-id>',
    'set the system prompt of a session, or how much of it agents are sent',
    [
      'sessions set first --system "Answer in French."',
      'sessions set first --turns 5',
      'sessions set first --no-window',
    ],
  )
    .option(
      '--system <text>',
      'system prompt, the first message that agents are sent; - reads standard input',
    )
    .option('--no-system', 'remove the system prompt')
    .option(
      '--turns <count>',
      'send agents only the newest turns; removes --characters unless given too',
      wholeNumber(0, 1_000),
    )
    .option(
      '--characters <count>',
      'send agents only the newest messages with at most this many characters; removes --turns unless given too',
      wholeNumber(0, Number.MAX_SAFE_INTEGER),
    )
    .option('--no-window', 'remove --turns and --characters')
    .action(withNode(set));
}

async function fork(
  { client, out }: Context,
  sessionId: string,
  { before, to }: ForkOptions,
): Promise<undefined> {
  const { body } = await client.request<SessionFork>('POST', sessionPartPath(sessionId, 'fork'), {
    body: { before, session_id: to },
  });
  if (out.json) out.document(body);
  else out.fields({ session: body.session_id, messages: body.total_messages });
}

async function append(
  { client, out }: Context,
  sessionId: string,
  content: string | undefined,
  { role, agent, user, metadata, idempotencyKey }: AppendOptions,
): Promise<undefined> {
  const message = { role, agent, content: await givenText(content, 'message') };
  const { body } = await client.request<SessionAppended>('POST', sessionPartPath(sessionId, 'messages'), {
    body: { messages: [message], user_id: user },
    rawMembers: { metadata },
    headers: idempotencyKey === undefined ? {} : { 'Idempotency-Key': idempotencyKey },
  });
  if (out.json) out.document(body);
  else
    out.fields({
      session: body.session_id,
      messages: body.total_messages,
      repeated: body.repeated ? 'yes, nothing was appended' : undefined,
    });
}

async function set({ client, out }: Context, sessionId: string, options: SetOptions): Promise<undefined> {
  const { system, turns, characters, window: keepsWindow } = options;
  const narrows = turns !== undefined || characters !== undefined;
  if (narrows && !keepsWindow)
    throw new CliError(
      'usage',
      '--no-window removes what --turns and --characters set: give one or the other',
    );
  if (!narrows && keepsWindow && system === undefined)
    throw new CliError(
      'usage',
      'Nothing to set: give --system, --turns, --characters, --no-system or --no-window',
    );
  const { body } = await client.request<SessionSettings>('PATCH', sessionPartPath(sessionId), {
    body: {
      ...(system !== undefined && {
        system: system === false ? null : await givenText(system, 'system prompt'),
      }),
      ...(narrows && { window: { turns, characters } }),
      ...(!keepsWindow && { window: null }),
    },
  });
  if (out.json) out.document(body);
  else
    out.fields({
      session: body.session_id,
      system: body.system,
      turns: body.window?.turns,
      characters: body.window?.characters,
    });
}
