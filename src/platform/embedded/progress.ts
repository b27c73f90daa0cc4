import { Transform } from 'node:stream';

/** Passes bytes on and draws a percentage on a terminal's standard error. */
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
