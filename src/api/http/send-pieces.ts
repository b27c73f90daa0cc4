import type { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Response } from 'express';
import { streamed } from './endpoint.ts';

interface File {
  readonly name?: string;
  /** Default: application/json. */
  readonly mediaType?: string;
  /** What the pieces go through on their way, such as gzip. */
  readonly through?: Transform;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Sends text or bytes piece by piece, no faster than they are read; a single piece without the detour by a stream. The first
 * two are there before the status is sent, so what fails until then is a problem like any other; what fails later cuts the
 * connection.
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
  // The pipeline's own listeners, beside those of what watches each request, are more than Node's ten: no leak to warn of.
  response.setMaxListeners(20);
  try {
    await (through ? pipeline(all, through, response) : pipeline(all, response));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error; // Its reader went away.
  }
  return streamed;
}
