import { Option, type Command } from 'commander';
import type { CallCounts, CallList, CallSummary } from '../../contract/calls.ts';
import { declareForNode, withNode, type Context } from '../command.ts';
import { filterOf, wholeNumber, withFilter, type FilterOptions } from '../filter-options.ts';
import { note } from '../output.ts';

interface Options extends FilterOptions {
  readonly limit: number;
  readonly cursor?: string;
  readonly all?: true;
  readonly counts?: true;
}

/** Declares `calls list`. */
export function addCallsList(calls: Command): void {
  const list = declareForNode(calls, 'list', 'list calls, newest first', [
    'calls list --status failed --since 12h',
    'calls list --agent expert --answered-by helper --all --json',
    'calls list --since 2026-11-25 --counts',
  ]);
  withFilter(list)
    .option('--limit <count>', 'calls per page', wholeNumber(1, 200), 50)
    .option('--cursor <cursor>', 'continue after a page: its next_cursor')
    .option('--all', 'all pages')
    .addOption(
      new Option('--counts', 'show how many calls there are by status instead of the calls').conflicts([
        'status',
        'limit',
        'cursor',
        'all',
      ]),
    )
    .action(withNode((context, options: Options) => (options.counts ? count : show)(context, options)));
}

async function count({ client, out }: Context, options: Options): Promise<undefined> {
  const counts = await client.get<CallCounts>('/calls/counts', filterOf(options));
  if (out.json) out.document(counts);
  else out.fields(counts);
}

async function show({ client, out }: Context, options: Options): Promise<undefined> {
  const found: CallSummary[] = [];
  let cursor = options.cursor;
  do {
    const query = { ...filterOf(options), limit: options.limit, cursor };
    const page = await client.get<CallList>('/calls', query);
    found.push(...page.calls);
    cursor = page.next_cursor ?? undefined;
  } while (options.all && cursor !== undefined);
  if (out.json) {
    out.document({ calls: found, next_cursor: cursor ?? null });
    return;
  }
  out.table(
    ['call', 'status', 'asked', 'answered by', 'error', 'session', 'started', 'ms'],
    found.map((call) => [
      call.call_id,
      call.status,
      call.asked,
      call.answered_by,
      call.error_type,
      call.session_id,
      call.started_at,
      call.ended_at === null ? null : Date.parse(call.ended_at) - Date.parse(call.started_at),
    ]),
    { status: out.state },
  );
  if (cursor !== undefined) note(`There are more calls: add --cursor ${cursor} or --all`);
}
