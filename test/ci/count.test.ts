/** The closing line of .ci/run, and that CI leaves nothing out for want of a tool. */
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { packageRoot } from '../../src/platform/paths.ts';
import { foundHere } from '../rig/found-here.ts';

const passes = { status: 'passed', assertionResults: [{ status: 'passed' }] };
const isBroken = { status: 'failed', assertionResults: [] };
const reportOf = (passed: number, failed: number, testResults: readonly object[] = [passes]): string =>
  JSON.stringify({ numPassedTests: passed, numFailedTests: failed, numPendingTests: 0, testResults });

/** The last line for these reports of `npm test`, of the slow tests and of the newest Node; undefined is one that vitest did not write. */
async function closingLine(
  code: number,
  ...reports: readonly (string | undefined)[]
): Promise<string | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-test-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const files = reports.map((_, index) => join(folder, `${index}.json`));
  for (const [index, text] of reports.entries())
    if (text !== undefined) await writeFile(files[index] ?? '', text);
  const command = [join(packageRoot, '.ci', 'count.js'), String(code), ...files];
  return execFileSync(process.execPath, command, { encoding: 'utf8' }).trim().split('\n').at(-1);
}

test('both runs are counted, and what fails on the newest Node', async () => {
  expect(await closingLine(0, reportOf(5, 0), reportOf(7, 0), reportOf(5, 0))).toBe('12 passed, 0 failed');
  expect(await closingLine(1, reportOf(5, 0), reportOf(7, 1), reportOf(3, 2))).toBe('12 passed, 3 failed');
});

test('a run without a report, or half a one, a file that cannot be loaded, and a coverage too low are failures', async () => {
  expect(await closingLine(1, undefined, undefined, undefined)).toBe('0 passed, 3 failed');
  expect(await closingLine(1, reportOf(5, 0), '{"numPassed', reportOf(5, 0))).toBe('5 passed, 1 failed');
  const broken = reportOf(5, 0, [passes, isBroken]);
  expect(await closingLine(1, broken, reportOf(7, 0), reportOf(5, 0))).toBe('12 passed, 1 failed');
  expect(await closingLine(1, reportOf(5, 0), reportOf(7, 0), reportOf(5, 0))).toBe('12 passed, 1 failed');
});

test('without a tool its tests are left out, in CI they fail', () => {
  onTestFinished(() => void vi.unstubAllEnvs());
  vi.stubEnv('CI', undefined);
  expect(foundHere('docker-compose', false)).toBe(false);
  vi.stubEnv('CI', 'true');
  expect(() => foundHere('docker-compose', false)).toThrow('CI must have docker-compose');
  expect(foundHere('docker-compose', true)).toBe(true);
});
