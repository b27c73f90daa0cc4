/** The commands `sessions list`, `show` and `rm`. */
import type { Command } from 'commander';
import type { Session, SessionList, SessionPage } from '../../contract/sessions.ts';
import { allProjects } from '../../domain/project.ts';
import { declareForNode, withExamples, withNode, type Context } from '../command.ts';
import { confirm } from '../confirm.ts';
import { CliError } from '../errors.ts';
import { wholeNumber } from '../filter-options.ts';
import { note } from '../output.ts';
import { sessionPath } from '../resource-paths.ts';
import { addSessionChanges } from './session-changes.ts';
import { addSessionTransfer } from './session-transfer.ts';

interface ListOptions {
  readonly limit: number;
  readonly cursor?: string;
  readonly all?: true;
}

/** Declares the commands. */
export function addSessionCommands(program: Command): void {
  const sessions = withExamples(
    program
      .command('sessions')
      .description('list, show, change, fork, delete, export and import sessions (conversations)'),
    ['sessions show first'],
  );
  declareForNode(sessions, 'list', 'list the ids of sessions', ['sessions list --all'])
    .option('--limit <count>', 'sessions per page', wholeNumber(1, 200), 50)
    .option('--cursor <cursor>', 'continue after a page: its next_cursor')
    .option('--all', 'all pages')
    .action(withNode(list));
  declareForNode(sessions, 'show <session-id>', 'show the messages of a session', [
    'sessions show first',
    'sessions show first --last 20',
  ])
    .option('--last <count>', 'only the newest messages', wholeNumber(1, 200))
    .option(
      '--before <number>',
      'with --last: only messages before this one',
      wholeNumber(0, Number.MAX_SAFE_INTEGER),
    )
    .action(withNode(show));
  declareForNode(sessions, 'rm <session-id>', 'delete a session', ['sessions rm first --calls --yes'])
    .option('--calls', 'also delete the histories of its ended calls, which contain prompts and answers')
    .option('-y, --yes', 'do not ask for confirmation')
    .action(withNode(remove));
  addSessionChanges(sessions);
  addSessionTransfer(sessions);
}

async function list({ client, out }: Context, options: ListOptions): Promise<undefined> {
  const found: SessionList['sessions'][number][] = [];
  let cursor = options.cursor;
  do {
    const query = { limit: options.limit, cursor };
    const page = await client.get<SessionList>('/sessions', query);
    found.push(...page.sessions);
    cursor = page.next_cursor ?? undefined;
  } while (options.all && cursor !== undefined);
  const ofAll = client.project === allProjects;
  if (out.json) out.document({ sessions: found, next_cursor: cursor ?? null });
  else
    out.table(
      ['session', ...(ofAll ? ['project'] : [])],
      found.map(({ session_id, project }) => [session_id, ...(ofAll ? [project] : [])]),
    );
  if (!out.json && cursor !== undefined) note(`There are more sessions: add --cursor ${cursor} or --all`);
}

async function show(
  { client, out }: Context,
  sessionId: string,
  { last, before }: { last?: number; before?: number },
): Promise<undefined> {
  const { path, query } = sessionPath(sessionId);
  if (before !== undefined && last === undefined)
    throw new CliError('usage', '--before selects a page, so it needs --last');
  const session = await client.get<Session | SessionPage>(path, { ...query, limit: last, before });
  if (out.json) {
    out.document(session);
    return;
  }
  out.fields({
    session: session.session_id,
    user: session.user_id,
    created: session.created_at,
    last_activity: session.last_activity,
    system: session.system,
    turns: session.window?.turns,
    characters: session.window?.characters,
    messages: totalOf(session),
  });
  // A page has its newest message first. On a terminal the newest is always the last one.
  const messages = 'total_messages' in session ? session.messages.toReversed() : session.messages;
  const first = Math.min(totalOf(session), before ?? Infinity) - messages.length;
  // A note for lost messages stands for several, so that the numbers are not known.
  const numbered = !messages.some(({ lost, role }) => lost && role === 'system');
  for (const [index, { timestamp, role, agent, failed, content }] of messages.entries()) {
    out.line();
    const who = agent === null ? role : `${role} (${agent})`;
    const number = numbered ? `#${first + index}  ` : '';
    out.text(`${number}${timestamp}  ${who}${failed ? '  failed' : ''}`);
    out.text(content);
  }
  if ('next_before' in session && session.next_before !== null)
    note(`There are older messages: add --before ${session.next_before}`);
}

function totalOf(session: Session | SessionPage): number {
  return 'total_messages' in session ? session.total_messages : session.messages.length;
}

async function remove(
  { client, out }: Context,
  sessionId: string,
  { calls = false, yes }: { calls?: boolean; yes?: true },
): Promise<undefined> {
  const { path, query } = sessionPath(sessionId);
  await confirm(`Delete the session ${sessionId}${calls ? ' and the histories of its calls' : ''}?`, yes);
  const { status } = await client.request('DELETE', path, { query: { ...query, calls } });
  if (out.json) out.document({ deleted: sessionId });
  else if (status === 202) out.text(`${sessionId} is deleted; the node is still removing its remaining data`);
  else out.text(`${sessionId} is deleted`);
}
