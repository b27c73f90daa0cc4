import { Option, type Command } from 'commander';
import type { CallCounts, CallList, CallsCovered, CallSummary } from '../../contract/calls.ts';
import { declareForNode, withNode, type Context } from '../command.ts';
import { searchOf, wholeNumber, withSearch, type SearchOptions } from '../filter-options.ts';
import { note } from '../output.ts';
import { saveStream } from '../save-stream.ts';

interface Options extends SearchOptions {
  readonly sort?: string;
  readonly order?: string;
  readonly prompts?: true;
  readonly limit: number;
  readonly cursor?: string;
  readonly all?: true;
  readonly counts?: true;
  readonly csv?: true;
}

const maxCsvRows = 100_000;

/** Declares `calls list`. */
export function addCallsList(calls: Command): void {
  const list = declareForNode(calls, 'list', 'list calls, newest first', [
    'calls list --status failed --since 12h',
    'calls list --agent expert --answered-by helper --all --json',
    'calls list --since 2026-11-25 --counts',
    'calls list --status failed --resolved false --sort duration --prompts',
    'calls list --asked helper --metadata customer=acme --csv > calls.csv',
  ]);
  withSearch(list)
    .addOption(
      new Option('--sort <by>', 'sort by start, end or duration').choices(['started', 'ended', 'duration']),
    )
    .addOption(new Option('--order <order>', 'with --sort').choices(['desc', 'asc']))
    .option('--prompts', 'show how each prompt begins')
    .option('--limit <count>', 'calls per page', wholeNumber(1, 200), 50)
    .option('--cursor <cursor>', 'continue after a page: its next_cursor')
    .option('--all', 'all pages')
    .addOption(
      new Option('--counts', 'show how many calls there are by status instead of the calls').conflicts([
        'status',
        'limit',
        'cursor',
        'all',
        'sort',
        'order',
        'prompts',
      ]),
    )
    .addOption(
      new Option('--csv', 'write CSV, at most 100,000 calls').conflicts([
        'counts',
        'limit',
        'cursor',
        'json',
      ]),
    )
    .action(withNode(run));
}

function run(context: Context, options: Options): Promise<undefined> {
  if (options.counts) return count(context, options);
  return options.csv ? writeCsv(context, options) : show(context, options);
}

function listQuery(options: Options): Record<string, string> {
  const { sort, order, prompts } = options;
  return {
    ...searchOf(options),
    ...(sort !== undefined && { sort }),
    ...(order !== undefined && { order }),
    ...(prompts && { include: 'prompt' }),
  };
}

async function writeCsv({ client }: Context, options: Options): Promise<undefined> {
  const query = { ...listQuery(options), limit: maxCsvRows };
  const { body, headers } = await client.open('GET', '/calls.csv', { query, timeoutMs: 'none' });
  let lines = 0;
  await saveStream(body, undefined, client.url, (chunk) => (lines += lineEndsIn(chunk)));
  noteCovers(JSON.parse(String(headers['holdfast-covers'] ?? null)) as CallsCovered | null);
  if (lines > maxCsvRows)
    note(`The file ends after ${maxCsvRows} calls. There may be more: narrow the filter`);
}

function lineEndsIn(chunk: Uint8Array): number {
  let found = 0;
  for (const byte of chunk) if (byte === 10) found += 1;
  return found;
}

async function count({ client, out }: Context, options: Options): Promise<undefined> {
  const { covers, ...counts } = await client.get<CallCounts>('/calls/counts', searchOf(options));
  if (out.json) {
    out.document({ ...counts, covers });
    return;
  }
  out.fields(counts);
  noteCovers(covers);
}

/** Says it if an answer was not made from all calls, or if it has read the content of so many only. */
function noteCovers(covers: CallsCovered | null): void {
  if (!covers || covers.whole) return;
  if (covers.looked_at !== null) note(`The content of ${covers.looked_at} calls was read`);
  const since = covers.since === null ? '' : ` that ended since ${covers.since}`;
  note(`This covers ${covers.calls} calls${since}, not all that Temporal has`);
}

async function show({ client, out }: Context, options: Options): Promise<undefined> {
  const found: CallSummary[] = [];
  let cursor = options.cursor;
  let covers: CallsCovered | null = null;
  do {
    const query = { ...listQuery(options), limit: options.limit, cursor };
    const page = await client.get<CallList>('/calls', query);
    found.push(...page.calls);
    // Pages are made one after the other: what one of them lacked, all of them lack.
    if (covers === null || covers.whole) covers = page.covers;
    cursor = page.next_cursor ?? undefined;
  } while (options.all && cursor !== undefined);
  if (out.json) {
    out.document({ calls: found, next_cursor: cursor ?? null, covers });
    return;
  }
  out.table(
    [
      ...['call', 'status', 'asked', 'answered by', 'error', 'session', 'started', 'ms'],
      ...(options.prompts ? ['prompt'] : []),
    ],
    found.map((call) => [
      call.call_id,
      call.status,
      call.asked,
      call.answered_by,
      call.error_type,
      call.session_id,
      call.started_at,
      call.duration_ms,
      ...(options.prompts ? [call.prompt_preview ?? null] : []),
    ]),
    { status: out.state },
  );
  noteCovers(covers);
  if (cursor !== undefined) note(`There are more calls: add --cursor ${cursor} or --all`);
}
