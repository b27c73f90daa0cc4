import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import type { Command } from 'commander';
import type { ImportReport } from '../../contract/sessions.ts';
import { declareForNode, withNode, type Context } from '../command.ts';
import { CliError } from '../errors.ts';
import type { ExitName } from '../exit-codes.ts';
import { note } from '../output.ts';
import { startProgress } from '../progress.ts';
import { saveStream } from '../save-stream.ts';

export function addSessionTransfer(sessions: Command): void {
  declareForNode(sessions, 'export', 'all sessions, as import takes them', [
    'sessions export -o sessions.json',
  ])
    .option('-o, --output <file>', 'where to; default standard output')
    .action(withNode(exportAll));
  declareForNode(sessions, 'import <file>', 'sessions of an export; those that exist stay as they are', [
    'sessions import sessions.json',
    'sessions import - < sessions.json',
  ]).action(withNode(importAll));
}

/** How an export ends that lists sessions with lost messages: `incomplete_sessions` is its last member. */
const incompleteEnd = Buffer.from(']}\n');

async function exportAll({ client, out }: Context, { output }: { output?: string }): Promise<undefined> {
  const { body } = await client.open('GET', '/sessions/export', { timeoutMs: 'none' });
  let end = Buffer.alloc(0);
  const bytes = await saveStream(body, output, client.url, (chunk) => {
    end = Buffer.concat([end, chunk.subarray(-incompleteEnd.length)]).subarray(-incompleteEnd.length);
  });
  if (output === undefined) return;
  if (end.equals(incompleteEnd))
    note('Messages of some sessions are lost: incomplete_sessions, at the end of the file, names them');
  if (out.json) out.document({ file: output, bytes });
  else note(`${bytes} bytes are in ${output}`);
}

async function importAll({ client, out }: Context, file: string): Promise<ExitName> {
  const { source, total } = await opened(file);
  const progress = startProgress('importing');
  let sent = 0;
  async function* told(): AsyncGenerator<Uint8Array> {
    for await (const chunk of source) {
      sent += (chunk as Uint8Array).length;
      progress.update(sent, total);
      yield chunk as Uint8Array;
    }
  }
  try {
    const { body } = await client.request<ImportReport>('POST', '/sessions/import', {
      stream: told(),
      timeoutMs: 'none',
    });
    progress.stop();
    show(out, body);
    return body.invalid.length === 0 ? 'ok' : 'failed';
  } finally {
    progress.stop();
  }
}

/** Before the node is asked: what cannot be read is no fault of its. */
async function opened(file: string): Promise<{ source: Readable; total: number }> {
  if (file === '-') return { source: process.stdin, total: 0 };
  try {
    const handle = await open(file);
    const found = await handle.stat();
    if (!found.isDirectory()) return { source: handle.createReadStream(), total: found.size };
    await handle.close();
    throw new Error('it is a folder');
  } catch (error) {
    throw new CliError('usage', `${file} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}

function show(out: Context['out'], report: ImportReport): void {
  if (out.json) {
    out.document(report);
    return;
  }
  out.fields({
    imported: report.imported,
    'skipped, they exist': report.skipped.length,
    invalid: report.invalid.length,
  });
  if (report.invalid.length === 0) return;
  out.table(
    ['session', 'error'],
    report.invalid.map(({ session_id, error }) => [session_id, error]),
  );
}
