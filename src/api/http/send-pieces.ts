import type { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Response } from 'express';
import { streamed } from './endpoint.ts';

interface File {
  readonly name?: string;
  /** Default: application/json. */
  readonly mediaType?: string;
  /** A stream that transforms the body, such as gzip. */
  readonly through?: Transform;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Streams a body in pieces, with backpressure; a single piece is sent without a stream. The first two pieces are awaited
 * before the status is sent, so an error until then is answered as a problem. A later error closes the connection.
 */
export async function sendPieces(
  response: Response,
  pieces: AsyncGenerator<string | Uint8Array>,
  { name, mediaType = 'application/json', through, headers = {} }: File = {},
): Promise<typeof streamed> {
  const first = await pieces.next();
  const second = first.done ? first : await pieces.next();
  if (name !== undefined) response.attachment(name);
  response.status(200).type(mediaType).set(headers);
  if (second.done && !through) {
    response.end(first.value ?? '');
    return streamed;
  }
  const all = async function* (): AsyncGenerator<string | Uint8Array> {
    try {
      if (first.done) return;
      yield first.value;
      if (second.done) return;
      yield second.value;
      yield* pieces;
    } finally {
      await pieces.return(undefined);
    }
  };
  // More than Node's default of ten listeners are normal here: the pipeline's, and those of every middleware.
  response.setMaxListeners(20);
  try {
    await (through ? pipeline(all, through, response) : pipeline(all, response));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error; // The client disconnected.
  }
  return streamed;
}
