/** The formats of an export of calls: NDJSON, or a tar archive with one file per call. */
import { Header, Pax } from 'tar';
import type { ExportedCall } from '../../contract/calls.ts';
import type { CallHistory } from '../../services/archive/call-export.ts';

/** Yields the export as NDJSON: one line of JSON per call. */
export async function* ndjsonOf(calls: AsyncIterable<CallHistory>): AsyncGenerator<string> {
  for await (const { callId, agentAsked: asked, answeredBy, history } of calls) {
    const names = {
      call_id: callId,
      asked,
      answered_by: answeredBy ?? null,
    } satisfies Omit<ExportedCall, 'history'>;
    yield `${JSON.stringify(names).slice(0, -1)},"history":${history}}\n`;
  }
}

const blockBytes = 512;

/**
 * Yields the export as a tar archive. Its entries are named `<call id>.json`; characters that should not be in a file name are
 * percent-encoded.
 */
export async function* tarOf(calls: AsyncIterable<CallHistory>): AsyncGenerator<Buffer> {
  const mtime = new Date();
  for await (const { callId, history } of calls) {
    const content = Buffer.from(history);
    const entry = { path: `${encodeURIComponent(callId)}.json`, mode: 0o600, size: content.length, mtime };
    const header = new Header({ ...entry, type: 'File' });
    header.encode();
    if (header.needPax) yield new Pax(entry).encode();
    yield Buffer.concat([header.block ?? Buffer.alloc(0), content, Buffer.alloc(padding(content.length))]);
  }
  yield Buffer.alloc(2 * blockBytes);
}

function padding(bytes: number): number {
  return (blockBytes - (bytes % blockBytes)) % blockBytes;
}
