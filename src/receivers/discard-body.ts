import type { Dispatcher } from 'undici';

const maxBytes = 1_024;
const maxMs = 1_000;

/**
 * Reads the body of an answer to its end, so that the connection can be used again. One that is longer than 1 KiB or takes
 * longer than a second closes the connection instead: the status has said everything. Never throws.
 */
export async function discardBody(
  { body, headers }: Dispatcher.ResponseData,
  signal: AbortSignal,
): Promise<void> {
  const close = (): void => void body.destroy();
  body.on('error', () => undefined);
  if (signal.aborted || Number(headers['content-length']) > maxBytes) {
    close();
    return;
  }
  const timer = setTimeout(close, maxMs);
  signal.addEventListener('abort', close, { once: true });
  try {
    let length = 0;
    for await (const piece of body) {
      length += (piece as Buffer).byteLength;
      if (length > maxBytes) break; // Leaving the loop closes the body, and its connection.
    }
  } catch {
    // It was cut off, by the receiver or by us.
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', close);
  }
}
