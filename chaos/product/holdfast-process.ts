/** A facade, a worker or a node that runs from dist/ and whose clock can be shifted. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageRoot } from '../../src/platform/paths.ts';
import { KeptProcess } from './kept-process.ts';

/** How to start the process. A node is a `facade` with the embedded Temporal server. */
export interface HoldfastPlan {
  readonly name: string;
  readonly runs: 'facade' | 'worker';
  readonly environment: Readonly<Record<string, string>>;
  readonly logFolder: string;
}

const shiftedClock = fileURLToPath(new URL('shifted-clock.cjs', import.meta.url));

/** For each role the script below dist/, and the line that it prints once it is ready. */
const scripts = {
  facade: { script: 'src/node/server.js', ready: /Holdfast \S+ is ready/ },
  worker: { script: 'worker.js', ready: /Worker is ready/ },
} as const;

/** A Holdfast process that is restarted whenever it ends. */
export class HoldfastProcess extends KeptProcess {
  private readonly clockFile: string;

  constructor({ name, runs, environment, logFolder }: HoldfastPlan) {
    const { script, ready } = scripts[runs];
    const clockFile = join(logFolder, `${name}.clock`);
    const flags = ['--enable-source-maps', '--require', shiftedClock];
    super({
      name,
      ready,
      logFolder,
      command: [process.execPath, ...flags, join(packageRoot, 'dist', script)],
      env: { ...environment, CHAOS_CLOCK_FILE: clockFile },
    });
    this.clockFile = clockFile;
  }

  /** Shifts the clock of the process by `ms`, from now on and also after a restart. 0 sets the clock right. */
  async shiftClock(ms: number): Promise<void> {
    await writeFile(this.clockFile, String(ms));
  }
}
