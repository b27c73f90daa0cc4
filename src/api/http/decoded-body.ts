/** A body that is read as a stream, in the codings that bodies read whole may have too. */
import type { Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import type { Request } from 'express';
import { Refusal } from '../../domain/failures.ts';

const decoders = { br: createBrotliDecompress, deflate: createInflate, gzip: createGunzip } as const;

/** Throws the refusal `unsupported_media_type` of a `Content-Encoding` that is not known. */
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
  request.once('error', (error) => decoded.destroy(error)); // `pipe` hands no error on.
  return request.pipe(decoded);
}

function isKnown(coding: string): coding is keyof typeof decoders {
  return Object.hasOwn(decoders, coding);
}
