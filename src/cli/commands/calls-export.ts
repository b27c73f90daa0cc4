import { InvalidArgumentError, Option, type Command } from 'commander';
import { Parser } from 'tar';
import { declareForNode, withNode, type Context } from '../command.ts';
import { CliError } from '../errors.ts';
import { filterOf, withFilter, type FilterOptions } from '../filter-options.ts';
import { note } from '../output.ts';
import { startProgress } from '../progress.ts';
import { saveStream } from '../save-stream.ts';

type Format = 'ndjson' | 'tar.gz';

interface Options extends FilterOptions {
  readonly output?: string;
  readonly format?: Format;
  readonly archive?: true;
}

/** Declares `calls export`. */
export function addCallsExport(calls: Command): void {
  const command = declareForNode(
    calls,
    'export [call-id]',
    'export Temporal histories of calls, for replay',
    [
      'calls export --status failed --since 12h -o last-night.tar.gz',
      'calls export 5f0c6f4e-4a3b -o call.json',
      'calls export --status failed --archive | holdfast replay -',
    ],
  );
  withFilter(command)
    .option('-o, --output <file>', 'file to write (default: standard output)', asFileName)
    .addOption(
      new Option(
        '--format <format>',
        'format of the export (default: by the file name, ndjson on standard output)',
      ).choices(['ndjson', 'tar.gz']),
    )
    .option('--archive', 'export from the archive, which keeps failed calls beyond the retention of Temporal')
    .action(withNode(exportCalls));
}

async function exportCalls(
  { client, out }: Context,
  callId: string | undefined,
  options: Options,
): Promise<undefined> {
  const format = options.format ?? (/\.(tar\.gz|tgz)$/.test(options.output ?? '') ? 'tar.gz' : 'ndjson');
  if (callId !== undefined && Object.keys(filterOf(options)).length > 0)
    throw new CliError('usage', 'Give a call id or a filter, not both');
  if (callId !== undefined && (options.format ?? options.archive) !== undefined)
    throw new CliError(
      'usage',
      'The history of one call is always JSON, from Temporal: leave out --format and --archive',
    );
  if (format === 'tar.gz' && options.output === undefined && process.stdout.isTTY)
    throw new CliError('usage', 'A terminal cannot show a tar.gz: give a file with -o');
  const { headers, body } =
    callId === undefined
      ? await client.open('GET', '/calls/export', {
          query: { ...filterOf(options), format, archive: options.archive },
          timeoutMs: 'none',
        })
      : await client.open('GET', `/calls/${encodeURIComponent(callId)}/history`, { timeoutMs: 'none' });
  const total = callId === undefined ? Number(headers['holdfast-total-count'] ?? 0) : 1;
  const counter = callId === undefined ? counters[format]() : { feed: () => undefined, count: () => 1 };
  const progress = startProgress('exporting');
  let bytes = 0;
  try {
    bytes = await saveStream(body, options.output, client.url, (chunk) => {
      counter.feed(chunk);
      progress.update(counter.count(), total);
    });
  } finally {
    progress.stop();
  }
  if (options.output === undefined) return;
  const done = { file: options.output, histories: counter.count(), bytes };
  if (out.json) out.document(done);
  else note(`Wrote ${done.histories} histories (${bytes} bytes) to ${options.output}`);
}

/** Counts the histories in an export while its bytes pass. */
interface Counter {
  feed(chunk: Uint8Array): void;
  count(): number;
}

const newline = 0x0a;

const counters: Readonly<Record<Format, () => Counter>> = {
  ndjson: () => {
    let lines = 0;
    return {
      feed: (chunk) => {
        for (const byte of chunk) if (byte === newline) lines += 1;
      },
      count: () => lines,
    };
  },
  'tar.gz': () => {
    let entries = 0;
    const parser = new Parser({
      onReadEntry: (entry) => {
        entries += 1;
        entry.resume();
      },
    });
    return { feed: (chunk) => void parser.write(Buffer.from(chunk)), count: () => entries };
  },
};

function asFileName(text: string): string {
  if (text === '') throw new InvalidArgumentError('Takes the name of a file.');
  return text;
}
