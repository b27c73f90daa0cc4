import { decodedBody, tooLarge, type BodyLimits, type Response } from './decoded-body.ts';
import { noRedaction, type Redactor } from '../redaction/redactor.ts';

/**
 * The whole body, decoded. Throws an `AgentError` of type `payload_too_large` as soon as it is known to be over the
 * limits; the connection is closed then.
 */
export async function readBody(response: Response, limits: BodyLimits, redactor: Redactor): Promise<Buffer> {
  const { bytes, complete } = await readUpTo(decodedBody(response, limits, redactor), limits.maxBytes);
  if (!complete) throw tooLarge(limits.maxBytes);
  return bytes;
}

/** Lets the connection serve again if the body is no longer than that; nobody wants to know what it says. */
export async function skipBody({ body }: Response, maxBytes: number): Promise<void> {
  body.on('error', () => undefined); // Leaving early destroys it.
  await readUpTo(body, maxBytes);
}

/** How long an agent may take to say what its error is: the status is known by then. */
const excerptTimeoutMs = 1_000;
const excerptLimits: BodyLimits = { maxBytes: 16_384, maxRatio: Infinity };

/** The beginning of an error's body as text, not redacted. Whatever becomes of the rest of the body: never throws. */
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
