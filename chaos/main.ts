/**
 * `npm run chaos`: breaks the built product at seeded moments under a mixed load, and checks every invariant from
 * outside. The way of a run: product/ is started, load/ asks agents/, faults/ break it, checks/ judge, report.ts tells.
 */
import { help, readOptions, type Options } from './options.ts';
import { run } from './run.ts';

const options = optionsOrExit();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
const passed = await run(options);
process.exit(passed ? 0 : 1);

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
