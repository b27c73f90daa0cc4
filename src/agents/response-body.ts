import type { Dispatcher } from 'undici';

type Body = Dispatcher.ResponseData['body'];

/** The whole body, or `over_limit` as soon as it is known to be longer; the connection is closed then. */
export async function readBody(body: Body, maxBytes: number): Promise<Buffer | 'over_limit'> {
  const { bytes, complete } = await readUpTo(body, maxBytes);
  return complete ? bytes : 'over_limit';
}

/** How long an agent may take to say what its error is: the status is known by then. */
const excerptTimeoutMs = 1_000;
const maxExcerptBytes = 16_384;

/** The beginning of an error's body as text. Whatever becomes of the rest of the body: never throws. */
export async function readExcerpt(body: Body): Promise<{ text: string; complete: boolean }> {
  const timer = setTimeout(() => body.destroy(), excerptTimeoutMs);
  const read: Buffer[] = [];
  try {
    const { bytes, complete } = await readUpTo(body, maxExcerptBytes, read);
    return { text: bytes.toString('utf8'), complete };
  } catch {
    return { text: Buffer.concat(read).toString('utf8'), complete: false };
  } finally {
    clearTimeout(timer);
  }
}

async function readUpTo(
  body: Body,
  maxBytes: number,
  chunks: Buffer[] = [],
): Promise<{ bytes: Buffer; complete: boolean }> {
  // Leaving the loop early destroys the body and with it the connection; the error of that belongs to nobody.
  body.on('error', () => undefined);
  let length = 0;
  for await (const chunk of body) {
    const buffer = chunk as Buffer;
    length += buffer.byteLength;
    if (length > maxBytes) {
      chunks.push(buffer.subarray(0, buffer.byteLength - (length - maxBytes)));
      return { bytes: Buffer.concat(chunks), complete: false };
    }
    chunks.push(buffer);
  }
  return { bytes: Buffer.concat(chunks), complete: true };
}
