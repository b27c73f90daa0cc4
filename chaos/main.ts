/**
 * `npm run chaos`: injects faults into the built product at seeded moments under a mixed load, and checks every invariant
 * from outside. A run starts product/, sends load/ to agents/, injects faults/, runs checks/ and prints report.ts.
 */
import { help, readOptions, type Options } from './options.ts';
import { StartupError } from '../src/platform/startup-error.ts';
import { run } from './run.ts';
import { cluster, single } from './setups.ts';

const options = optionsOrExit();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
try {
  const passed = await (options.cluster ? run(cluster, options) : run(single, options));
  process.exit(passed ? 0 : 1);
} catch (error) {
  console.error(error instanceof StartupError ? error.message : error);
  process.exit(1);
}

function optionsOrExit(): Options {
  try {
    const read = readOptions(process.argv.slice(2));
    if (read) return read;
  } catch (error) {
    console.error((error as Error).message);
    process.exit(2);
  }
  console.log(help);
  process.exit(0);
}
