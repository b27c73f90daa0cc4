import { pipeline } from 'node:stream/promises';
import type { Response } from 'express';
import { streamed } from './endpoint.ts';

/**
 * Sends JSON text piece by piece, no faster than it is read. The first piece is there before the status is sent, so
 * what fails until then is a problem like any other; what fails later cuts the connection.
 */
export async function sendPieces(
  response: Response,
  pieces: AsyncGenerator<string>,
  filename?: string,
): Promise<typeof streamed> {
  const first = await pieces.next();
  if (filename !== undefined) response.attachment(filename);
  response.status(200).type('application/json');
  const all = async function* (): AsyncGenerator<string> {
    if (first.done) return;
    yield first.value;
    yield* pieces;
  };
  try {
    await pipeline(all, response);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error; // Its reader went away.
  }
  return streamed;
}
