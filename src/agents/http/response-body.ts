import { decodedBody, tooLarge, type BodyLimits, type Response } from './decoded-body.ts';
import { noRedaction, type Redactor } from '../redaction/redactor.ts';

/**
 * Reads the whole body, decoded. Throws an `AgentError` of type `payload_too_large` and closes the connection as soon as the
 * body exceeds the limits.
 */
export async function readBody(response: Response, limits: BodyLimits, redactor: Redactor): Promise<Buffer> {
  const { bytes, complete } = await readUpTo(decodedBody(response, limits, redactor), limits.maxBytes);
  if (!complete) throw tooLarge(limits.maxBytes);
  return bytes;
}

/** Discards a body of up to `maxBytes`, so that the connection can be reused. A longer one closes the connection. */
export async function skipBody({ body }: Response, maxBytes: number): Promise<void> {
  body.on('error', () => undefined); // `readUpTo` destroys a longer body.
  await readUpTo(body, maxBytes);
}

/** How long an agent may take to send an error's body. The status is known already, so the body is not worth a longer wait. */
const excerptTimeoutMs = 1_000;
const excerptLimits: BodyLimits = { maxBytes: 16_384, maxRatio: Infinity };

/**
 * Reads the beginning of an error's body as text, not redacted. Never throws: if reading fails, returns what was read before.
 */
export async function readExcerpt(response: Response): Promise<{ text: string; complete: boolean }> {
  const timer = setTimeout(() => response.body.destroy(), excerptTimeoutMs);
  const read: Buffer[] = [];
  try {
    const pieces = decodedBody(response, excerptLimits, noRedaction);
    const { bytes, complete } = await readUpTo(pieces, excerptLimits.maxBytes, read);
    return { text: bytes.toString('utf8'), complete };
  } catch {
    return { text: Buffer.concat(read).toString('utf8'), complete: false };
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Reads the first `maxBytes` of a body; appends them to `chunks` as they arrive. `complete` says whether the body is not longer
 * than that.
 */
async function readUpTo(
  pieces: AsyncIterable<unknown>,
  maxBytes: number,
  chunks: Buffer[] = [],
): Promise<{ bytes: Buffer; complete: boolean }> {
  let length = 0;
  for await (const piece of pieces) {
    const chunk = piece as Buffer;
    length += chunk.byteLength;
    if (length > maxBytes) {
      chunks.push(chunk.subarray(0, chunk.byteLength - (length - maxBytes)));
      return { bytes: Buffer.concat(chunks), complete: false };
    }
    chunks.push(chunk);
  }
  return { bytes: Buffer.concat(chunks), complete: true };
}
