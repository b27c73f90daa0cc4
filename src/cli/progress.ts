/** Progress of long commands. It is shown on standard error, and only if that is a terminal. */
import { Presets, SingleBar } from 'cli-progress';

/** A running progress bar. */
export interface Progress {
  /** A `total` of 0 means that it is not known yet. */
  update(done: number, total: number): void;
  stop(): void;
}

/** Shows a progress bar with the label `what` until `stop`. */
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
/** The width of a terminal that does not report its own. */
const defaultWidth = 80;

/** Shows a spinner with the current `text()` until `stop`. It is for a wait of unknown length. */
export function startSpinner(text: () => string): { stop(): void } {
  const { stderr } = process;
  if (!stderr.isTTY) return { stop: () => undefined };
  let frame = 0;
  const timer = setInterval(() => {
    frame = (frame + 1) % frames.length;
    const width = (stderr.columns || defaultWidth) - 3;
    stderr.write(`\r\u001b[2K${frames[frame] ?? ''} ${text().slice(0, width)}`);
  }, frameMs);
  return {
    stop() {
      clearInterval(timer);
      stderr.write('\r\u001b[2K');
    },
  };
}
