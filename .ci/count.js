/**
 * The last lines of .ci/run: `node .ci/count.js CODE FAST SLOW CLUSTER NEWEST`. Each of the last four is the report of a run, as
 * test/rig/ci-reporter.ts writes it.
 * It names each failure, since often only the end of a log is kept, and ends with the counts. How many tests a run skipped, for
 * example those that concern a single node on a cluster, is in the line of that run.
 */
import { readFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';

const messageLines = 12;

const [code, ...files] = process.argv.slice(2);
const counts = { passed: 0, failed: 0 };

/** @returns the report, or undefined if the run did not come to its end. */
function read(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

function linesOf({ file, name, message }) {
  const lines = stripVTControlCharacters(message).split('\n', messageLines);
  return [`  FAILED ${file} > ${name}`, ...lines.map((line) => `    ${line}`)].join('\n');
}

/** @returns a line for each file of src/domain with branches that no test takes; vitest.config.ts wants all of them taken. */
function branchesLeftOut() {
  const files = Object.entries(read('coverage/coverage-summary.json') ?? {});
  return files
    .filter(([file, { branches }]) => file.includes('/src/domain/') && branches.covered < branches.total)
    .map(([file, { branches }]) => `  ${file}: ${branches.covered} of ${branches.total} branches`);
}

const runs = ['npm test', 'npm run test:slow', 'npm run test:cluster', 'npm test on the newest Node'];
for (const [index, what] of runs.entries()) {
  const report = read(files[index]);
  if (!report) {
    console.log(`${what}: it was not reached, or did not come to its end`);
    counts.failed += 1;
    continue;
  }
  const { passed, skipped, failures } = report;
  console.log(`${what}: ${passed} passed, ${failures.length} failed, ${skipped} skipped`);
  for (const failure of failures) console.log(linesOf(failure));
  counts.failed += failures.length;
  if (index === runs.length - 1) continue; // The same tests again.
  counts.passed += passed;
}
if (code !== '0' && counts.failed === 0) {
  console.log('No test failed, but something else did, for example the coverage: see above');
  for (const line of branchesLeftOut()) console.log(line);
  counts.failed = 1;
}
console.log(`${counts.passed} passed, ${counts.failed} failed`);
