/** A facade, a worker or a node of the built product, whose clock can be put wrong. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageRoot } from '../../src/platform/paths.ts';
import { KeptProcess } from './kept-process.ts';

export interface HoldfastPlan {
  readonly name: string;
  readonly runs: 'facade' | 'worker';
  readonly environment: Readonly<Record<string, string>>;
  readonly logFolder: string;
}

const shiftedClock = fileURLToPath(new URL('shifted-clock.cjs', import.meta.url));

/** What is run, below dist/, and what it prints once it can be used. */
const scripts = {
  facade: { script: 'src/node/server.js', ready: /Holdfast \S+ is ready/ },
  worker: { script: 'worker.js', ready: /Worker is ready/ },
} as const;

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

  /** Its clock is wrong by so much from now on, also after it was started again; 0: right. */
  async shiftClock(ms: number): Promise<void> {
    await writeFile(this.clockFile, String(ms));
  }
}
