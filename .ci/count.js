/**
 * The last lines of .ci/run: `node .ci/count.js CODE FAST SLOW CLUSTER NEWEST`, each of the last four the JSON report of a
 * run.
 * It names each test that failed, since a log is often kept by its end, and closes with the counts. What a run left out, such
 * as what is one node's own on a cluster, is in the line of that run.
 */
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

const messageLines = 12;

const [code, ...files] = process.argv.slice(2);
const counts = { passed: 0, failed: 0 };

/** @returns the report, or undefined where vitest did not come to its end. */
function read(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/** @returns a text for each test of a file that failed, or one for a file that could not be loaded. */
function failuresOf({ name, status, message, assertionResults }) {
  const failed = assertionResults.filter((test) => test.status === 'failed');
  if (failed.length === 0 && status === 'failed')
    failed.push({ fullName: '(the file)', failureMessages: [message] });
  return failed.map(({ fullName, failureMessages }) => {
    const lines = stripVTControlCharacters((failureMessages ?? []).join('\n')).split('\n', messageLines);
    return [`  FAILED ${relative('', name)} > ${fullName}`, ...lines.map((line) => `    ${line}`)].join('\n');
  });
}

const runs = ['npm test', 'npm run test:slow', 'npm run test:cluster', 'npm test on the newest Node'];
for (const [index, what] of runs.entries()) {
  const report = read(files[index]);
  if (!report) {
    console.log(`${what}: it was not reached, or did not come to its end`);
    counts.failed += 1;
    continue;
  }
  const { numPassedTests, numPendingTests, testResults } = report;
  const failures = testResults.flatMap(failuresOf);
  console.log(`${what}: ${numPassedTests} passed, ${failures.length} failed, ${numPendingTests} skipped`);
  for (const failure of failures) console.log(failure);
  counts.failed += failures.length;
  if (index === runs.length - 1) continue; // The same tests again.
  counts.passed += numPassedTests;
}
if (code !== '0' && counts.failed === 0) {
  console.log('No test failed, but something else did, the coverage or an error outside any test: see above');
  counts.failed = 1;
}
console.log(`${counts.passed} passed, ${counts.failed} failed`);
