/** The closing line of .ci/run: `node .ci/count.js CODE FAST SLOW NEWEST`, each of the last the JSON report of a run. */
import { readFileSync } from 'node:fs';

const [code, ...files] = process.argv.slice(2);
const counts = { passed: 0, failed: 0, skipped: 0 };

/** @returns the report, or undefined where vitest did not come to its end. */
function read(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

for (const [index, what] of ['npm test', 'npm run test:slow', 'npm test on the newest Node'].entries()) {
  const report = read(files[index]);
  if (!report) {
    console.log(`${what}: it was not reached, or did not come to its end`);
    counts.failed += 1;
    continue;
  }
  const { numPassedTests, numFailedTests, numPendingTests, testResults } = report;
  // A file that cannot be loaded has no tests that fail.
  const failedFiles = testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  ).length;
  const failed = numFailedTests + failedFiles;
  console.log(`${what}: ${numPassedTests} passed, ${failed} failed, ${numPendingTests} skipped`);
  counts.failed += failed;
  if (index === 2) continue; // The same tests again.
  counts.passed += numPassedTests;
  counts.skipped += numPendingTests;
}
if (code !== '0' && counts.failed === 0) {
  console.log('No test failed, but something else did, the coverage or an error outside any test: see above');
  counts.failed = 1;
}
const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : '';
console.log(`${counts.passed} passed, ${counts.failed} failed${skipped}`);
