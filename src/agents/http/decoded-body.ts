import { createBrotliDecompress, createGunzip, type BrotliDecompress, type Gunzip } from 'node:zlib';
import type { Dispatcher } from 'undici';
import { errorText } from '../redaction/error-text.ts';
import type { Redactor } from '../redaction/redactor.ts';
import { AgentError } from '../transport.ts';

export const acceptedEncodings = 'gzip, br';

export type Response = Pick<Dispatcher.ResponseData, 'headers' | 'body'>;
type Body = Response['body'];

/** The limits of a body. */
export interface BodyLimits {
  /** The most bytes of the body on the wire. The reader of the decoded body applies the same limit to that. */
  readonly maxBytes: number;
  /** Largest ratio of decoded size to size on the wire, for large bodies. */
  readonly maxRatio: number;
}

/**
 * Up to this decoded size any ratio is allowed: ordinary repetitive text is highly compressible too, and a small body does no
 * harm.
 */
const anyRatioBytes = 256 * 1_024;

/**
 * Streams the body without its Content-Encoding, so that it is never held as a whole. If the reader leaves early, the
 * connection is closed. Throws the connection's error, or an `AgentError`: `invalid_response` if the body cannot be decoded,
 * `payload_too_large` beyond the limits.
 */
export async function* decodedBody(
  response: Response,
  limits: BodyLimits,
  redactor: Redactor,
): AsyncGenerator<Buffer, void> {
  const { body, headers } = response;
  body.on('error', () => undefined); // Emitted when the reader leaves early.
  try {
    const encoding = encodingOf(headers['content-encoding'], redactor);
    if (encoding === 'identity') for await (const piece of body) yield piece as Buffer;
    else yield* unpacked(body, encoding, limits);
  } finally {
    if (!body.readableEnded) body.destroy();
  }
}

type Encoding = 'identity' | 'gzip' | 'br';
const encodings: Readonly<Record<string, Encoding>> = {
  '': 'identity',
  identity: 'identity',
  gzip: 'gzip',
  'x-gzip': 'gzip', // The same as gzip (RFC 9110, section 8.4.1.3).
  br: 'br',
};

/**
 * Returns the encoding of the body. Throws `AgentError` for an unknown encoding, and for more than one: bodies are compressed
 * twice only to hide their size.
 */
function encodingOf(header: string | string[] | undefined, redactor: Redactor): Encoding {
  const said = [header ?? ''].flat().join(', ').trim();
  const name = said.toLowerCase();
  const encoding = Object.hasOwn(encodings, name) ? encodings[name] : undefined;
  if (encoding === undefined)
    throw new AgentError(
      'invalid_response',
      errorText(`The answer's Content-Encoding is none of ${acceptedEncodings}`, said, redactor),
    );
  return encoding;
}

async function* unpacked(
  body: Body,
  encoding: 'gzip' | 'br',
  limits: BodyLimits,
): AsyncGenerator<Buffer, void> {
  const decoder = encoding === 'br' ? createBrotliDecompress() : createGunzip();
  const wire = feed(body, decoder, limits.maxBytes);
  let produced = 0;
  try {
    for await (const chunk of decoder) {
      const piece = chunk as Buffer;
      produced += piece.byteLength;
      if (produced > anyRatioBytes && produced > wire.bytes * limits.maxRatio)
        throw tooDense(limits.maxRatio);
      yield piece;
    }
  } catch (error) {
    if (error === wire.failure || error instanceof AgentError) throw error;
    throw new AgentError('invalid_response', `The answer's ${encoding} is damaged or cut off`);
  }
}

/** The compressed body while it is read. */
interface Wire {
  bytes: number;
  /** The error for which the body ended early. */
  failure?: Error;
}

/** Pipes the compressed body into the decoder. Its failures destroy the decoder. */
function feed(body: Body, decoder: BrotliDecompress | Gunzip, maxBytes: number): Wire {
  const wire: Wire = { bytes: 0 };
  const fail = (error: Error): void => {
    wire.failure ??= error;
    decoder.destroy(wire.failure);
  };
  body.on('data', (piece: Buffer) => {
    wire.bytes += piece.byteLength;
    // A compressed body can be endless even if nothing comes out of the decoder.
    if (wire.bytes > maxBytes) fail(tooLarge(maxBytes));
  });
  body.on('error', fail);
  body.on('close', () => {
    if (!body.readableEnded) fail(new Error('The body was closed'));
  });
  body.pipe(decoder);
  return wire;
}

export function tooLarge(maxBytes: number): AgentError {
  return new AgentError('payload_too_large', `The answer is over the limit of ${maxBytes} bytes`);
}

function tooDense(maxRatio: number): AgentError {
  return new AgentError(
    'payload_too_large',
    `The answer is compressed more than ${maxRatio} times (HOLDFAST_MAX_COMPRESSION_RATIO)`,
  );
}
