/**
 * The command `replay`: checks whether the current workflow code still issues the commands that recorded histories contain. No
 * agent is asked and nothing is changed.
 */
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import type { Command } from 'commander';
import type { ExportedCall } from '../../contract/calls.ts';
import type { Summary, Verdict } from '../../replay/verdict.ts';
import { declareForNode, withNode, type Context } from '../command.ts';
import { CliError } from '../errors.ts';
import type { ExitName } from '../exit-codes.ts';
import { filterOf, wholeNumber, withFilter, type FilterOptions } from '../filter-options.ts';
import type { NodeClient } from '../http.ts';
import type { Output } from '../output.ts';
import { startProgress } from '../progress.ts';
import { fromNode } from '../save-stream.ts';

interface Options extends FilterOptions {
  readonly parallel?: number;
  readonly archive?: string;
}

interface Source {
  readonly name: string;
  readonly history: unknown;
}

type Difference = Exclude<Verdict, { verdict: 'same' }>;

/** Declares `replay`. */
export function addReplayCommand(program: Command): void {
  const replay = declareForNode(
    program,
    'replay [paths...]',
    'replay histories on the current workflow code: files, folders, exports, - for standard input, or calls of the node',
    [
      'replay last-night.tar.gz',
      'replay test/replay/histories',
      'replay --status failed --since 12h',
      'calls export --status failed | holdfast replay -',
    ],
  );
  withFilter(replay)
    .option('--archive <folder>', 'replay the archive in this folder (the value of HOLDFAST_ARCHIVE)')
    .option('--parallel <count>', 'how many histories are replayed at the same time', wholeNumber(1, 64))
    .action(withNode(replayAll));
}

async function replayAll({ client, out }: Context, paths: string[], options: Options): Promise<ExitName> {
  const { replayHistories } = await import('../../replay/replay-histories.ts');
  const progress = startProgress('replaying');
  const verdicts: Verdict[] = [];
  let total = 0;
  const sources = await sourcesOf(client, paths, options, (known) => (total = known));
  let summary: Summary;
  try {
    summary = await replayHistories(sources, {
      ...(options.parallel !== undefined && { parallel: options.parallel }),
      onVerdict(verdict) {
        verdicts.push(verdict);
        progress.update(verdicts.length, total);
      },
    });
  } finally {
    progress.stop();
  }
  if (out.json) out.document({ ...asWire(summary), verdicts: verdicts.map(verdictAsWire) });
  else show(out, summary, verdicts);
  return summary.same === summary.total ? 'ok' : 'failed';
}

async function sourcesOf(
  client: NodeClient,
  paths: string[],
  options: Options,
  onTotal: (total: number) => void,
): Promise<AsyncIterable<Source>> {
  const filter = filterOf(options);
  const places = [...paths, ...(options.archive === undefined ? [] : [options.archive])];
  if (places.length === 0) return fromServer(client, filter, onTotal);
  if (Object.keys(filter).length > 0)
    throw new CliError('usage', 'A filter selects calls of the node: give paths or a filter, not both');
  for (const path of places)
    if (path !== '-' && !existsSync(path))
      throw new CliError('usage', `There is no file or folder '${path}'`);
  const { fromPaths } = await import('../../replay/history-sources.ts');
  return fromPaths(places);
}

async function* fromServer(
  client: NodeClient,
  filter: Record<string, string>,
  onTotal: (total: number) => void,
): AsyncGenerator<Source> {
  const query = { ...filter, format: 'ndjson' };
  const { headers, body } = await client.open('GET', '/calls/export', { query, timeoutMs: 'none' });
  onTotal(Number(headers['holdfast-total-count'] ?? 0));
  const lines = createInterface({ input: Readable.from(fromNode(body, client.url)), crlfDelay: Infinity });
  for await (const line of lines) {
    if (line === '') continue;
    const { call_id, history } = JSON.parse(line) as ExportedCall;
    yield { name: call_id, history };
  }
}

function show(out: Output, summary: Summary, verdicts: readonly Verdict[]): void {
  const different = verdicts.filter((one): one is Difference => one.verdict !== 'same');
  if (different.length > 0)
    out.table(
      ['history', 'verdict', 'event', 'expected', 'message'],
      different.map((one) => [
        one.name,
        one.verdict,
        'eventId' in one ? one.eventId : null,
        'expected' in one ? one.expected : null,
        one.message,
      ]),
      { verdict: out.state },
    );
  const { total, same, nonDeterministic, unreadable, durationMs } = summary;
  out.line(
    `${total} replayed in ${(durationMs / 1_000).toFixed(1)} s: ${same} same, ${nonDeterministic} non-deterministic, ${unreadable} unreadable`,
  );
}

function asWire({ total, same, nonDeterministic, unreadable, durationMs }: Summary) {
  return { total, same, non_deterministic: nonDeterministic, unreadable, duration_ms: durationMs };
}

function verdictAsWire(verdict: Verdict) {
  if (verdict.verdict !== 'non_deterministic') return verdict;
  const { eventId: event_id, ...rest } = verdict;
  return { ...rest, event_id };
}
