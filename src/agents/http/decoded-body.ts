import { createBrotliDecompress, createGunzip, type BrotliDecompress, type Gunzip } from 'node:zlib';
import type { Dispatcher } from 'undici';
import { errorText } from '../redaction/error-text.ts';
import type { Redactor } from '../redaction/redactor.ts';
import { AgentError } from '../transport.ts';

export const acceptedEncodings = 'gzip, br';

export type Response = Pick<Dispatcher.ResponseData, 'headers' | 'body'>;
type Body = Response['body'];

export interface BodyLimits {
  /** Of the body on the wire; whoever reads it keeps the same limit of what is decoded. */
  readonly maxBytes: number;
  /** How many times its size on the wire a large decoded body may have. */
  readonly maxRatio: number;
}

/** Ordinary text that repeats itself packs densely, too; up to here nobody is harmed by it. */
const anyRatioBytes = 256 * 1_024;

/**
 * The body without its Content-Encoding, piece by piece: nothing holds the whole of it. Leaving early closes the
 * connection. Throws what the connection failed with, or an `AgentError`: `invalid_response` for what cannot be
 * decoded, `payload_too_large` beyond the limits.
 */
export async function* decodedBody(
  response: Response,
  limits: BodyLimits,
  redactor: Redactor,
): AsyncGenerator<Buffer, void> {
  const { body, headers } = response;
  body.on('error', () => undefined); // That of leaving early belongs to nobody.
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
  'x-gzip': 'gzip', // RFC 9110 8.4.1.3: the same.
  br: 'br',
};

/** One at most: nobody packs twice but to hide how much it is. */
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

interface Wire {
  bytes: number;
  /** What ended the body before its end. */
  failure?: Error;
}

function feed(body: Body, decoder: BrotliDecompress | Gunzip, maxBytes: number): Wire {
  const wire: Wire = { bytes: 0 };
  const fail = (error: Error): void => {
    wire.failure ??= error;
    decoder.destroy(wire.failure);
  };
  body.on('data', (piece: Buffer) => {
    wire.bytes += piece.byteLength;
    // What unpacks to nothing can be endless, too.
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
