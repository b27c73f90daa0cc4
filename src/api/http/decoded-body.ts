/** Decodes a body that is read as a stream, with the same content codings as other bodies. */
import type { Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import type { Request } from 'express';
import { Refusal } from '../../domain/failures.ts';

const decoders = { br: createBrotliDecompress, deflate: createInflate, gzip: createGunzip } as const;

/** Returns the decoded body as a stream. Throws the refusal `unsupported_media_type` if the `Content-Encoding` is unknown. */
export function decodedBody(request: Request): Readable {
  const coding = request.header('Content-Encoding')?.trim().toLowerCase() ?? 'identity';
  if (coding === 'identity') return request;
  if (!isKnown(coding)) {
    const known = Object.keys(decoders).join(', ');
    throw new Refusal(
      'unsupported_media_type',
      `Content-Encoding: ${coding} is not known; send ${known} or none`,
    );
  }
  const decoded = decoders[coding]();
  request.once('error', (error) => decoded.destroy(error)); // `pipe` does not pass errors on.
  return request.pipe(decoded);
}

function isKnown(coding: string): coding is keyof typeof decoders {
  return Object.hasOwn(decoders, coding);
}
