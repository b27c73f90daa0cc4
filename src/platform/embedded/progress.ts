import { Transform } from 'node:stream';

/** A stream that passes bytes through and shows a percentage on standard error if that is a terminal. */
export function showProgress(totalBytes: number): Transform {
  let bytes = 0;
  let shown = -1;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      const percent = totalBytes > 0 ? Math.floor((100 * bytes) / totalBytes) : 0;
      if (process.stderr.isTTY && percent !== shown) process.stderr.write(`\r  ${percent} %`);
      shown = percent;
      done(null, chunk);
    },
    flush(done) {
      if (process.stderr.isTTY) process.stderr.write('\r');
      done();
    },
  });
}
