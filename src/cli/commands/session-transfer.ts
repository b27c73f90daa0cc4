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

/** Declares `sessions export` and `sessions import`. */
export function addSessionTransfer(sessions: Command): void {
  declareForNode(sessions, 'export', 'export all sessions as JSON, for sessions import', [
    'sessions export -o sessions.json',
  ])
    .option('-o, --output <file>', 'file to write (default: standard output)')
    .action(withNode(exportAll));
  declareForNode(
    sessions,
    'import <file>',
    'import sessions from an export; sessions that exist do not change',
    ['sessions import sessions.json', 'sessions import - < sessions.json'],
  ).action(withNode(importAll));
}

/** An export ends with these bytes if its last member is `incomplete_sessions`, which lists sessions with lost messages. */
const incompleteEnd = Buffer.from(']}\n');

async function exportAll({ client, out }: Context, { output }: { output?: string }): Promise<undefined> {
  const { body } = await client.open('GET', '/sessions/export', { timeoutMs: 'none' });
  let end = Buffer.alloc(0);
  const bytes = await saveStream(body, output, client.url, (chunk) => {
    end = Buffer.concat([end, chunk.subarray(-incompleteEnd.length)]).subarray(-incompleteEnd.length);
  });
  if (output === undefined) return;
  if (end.equals(incompleteEnd))
    note(
      'Messages of some sessions are lost: incomplete_sessions at the end of the file lists these sessions',
    );
  if (out.json) out.document({ file: output, bytes });
  else note(`Wrote ${bytes} bytes to ${output}`);
}

async function importAll({ client, out }: Context, file: string): Promise<ExitName> {
  const { source, total } = await openFile(file);
  const progress = startProgress('importing');
  let sent = 0;
  async function* withProgress(): AsyncGenerator<Uint8Array> {
    for await (const chunk of source) {
      sent += (chunk as Uint8Array).length;
      progress.update(sent, total);
      yield chunk as Uint8Array;
    }
  }
  try {
    const { body } = await client.request<ImportReport>('POST', '/sessions/import', {
      stream: withProgress(),
      timeoutMs: 'none',
    });
    progress.stop();
    show(out, body);
    return body.invalid.length === 0 ? 'ok' : 'failed';
  } finally {
    progress.stop();
  }
}

/**
 * Opens the file to import. Do so before any request is sent, so that an unreadable file is not reported as a failure of the
 * node. `total` is its size in bytes, 0 if unknown. Throws `CliError`.
 */
async function openFile(file: string): Promise<{ source: Readable; total: number }> {
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
    'skipped (exist already)': report.skipped.length,
    invalid: report.invalid.length,
  });
  if (report.invalid.length === 0) return;
  out.table(
    ['session', 'error'],
    report.invalid.map(({ session_id, error }) => [session_id, error]),
  );
}
