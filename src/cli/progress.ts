/** Progress of long work: on standard error, and only where someone looks at it. */
import { Presets, SingleBar } from 'cli-progress';

export interface Progress {
  /** A total of 0 is not known yet. */
  update(done: number, total: number): void;
  stop(): void;
}

export function startProgress(what: string): Progress {
  if (!process.stderr.isTTY) return { update: () => undefined, stop: () => undefined };
  const format = `${what} {bar} {value}/{total} {percentage} % {eta_formatted}`;
  const bar = new SingleBar(
    { format, stream: process.stderr, hideCursor: true, clearOnComplete: true, gracefulExit: false },
    Presets.shades_classic,
  );
  bar.start(0, 0);
  return {
    update(done, total) {
      bar.setTotal(Math.max(total, done));
      bar.update(done);
    },
    stop: () => bar.stop(),
  };
}

const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const frameMs = 100;
/** Where a terminal does not say how wide it is. */
const usualWidth = 80;

/** One line that lives, for waiting whose end is not known. */
export function startSpinner(text: () => string): { stop(): void } {
  const { stderr } = process;
  if (!stderr.isTTY) return { stop: () => undefined };
  let frame = 0;
  const timer = setInterval(() => {
    frame = (frame + 1) % frames.length;
    const width = (stderr.columns || usualWidth) - 3;
    stderr.write(`\r\u001b[2K${frames[frame] ?? ''} ${text().slice(0, width)}`);
  }, frameMs);
  return {
    stop() {
      clearInterval(timer);
      stderr.write('\r\u001b[2K');
    },
  };
}
