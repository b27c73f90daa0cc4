/** Starts the product as `npm start` does, on free ports. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { packageRoot } from '../src/platform/paths.ts';

export interface Product {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

export async function startProduct(dataDir: string): Promise<Product> {
  const child = spawn(process.execPath, [join(packageRoot, 'dist/src/node/server.js')], {
    env: {
      ...process.env,
      HOLDFAST_DATA_DIR: dataDir,
      HOLDFAST_PORT: '0',
      HOLDFAST_TEMPORAL_PORT: '0',
      HOLDFAST_TEMPORAL_UI_PORT: '0',
      HOLDFAST_LOG_LEVEL: 'warn',
    },
    stdio: ['ignore', 'inherit', 'pipe'],
  });
  process.once('exit', () => child.kill('SIGTERM')); // The soak was interrupted.
  let url: string | undefined;
  for await (const line of createInterface({ input: child.stderr })) {
    url = /API +(http:\S+)\/api/.exec(line)?.[1];
    if (url !== undefined) break;
  }
  if (url === undefined || child.pid === undefined) throw new Error('The node did not start');
  child.stderr.resume();
  return {
    url,
    pid: child.pid,
    async stop() {
      child.kill('SIGTERM');
      if (child.exitCode === null) await once(child, 'exit');
    },
  };
}
