/** The closing line of .ci/run, and that CI leaves nothing out for want of a tool. */
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { packageRoot } from '../../src/platform/paths.ts';
import type { Failure, RunReport } from '../rig/ci-reporter.ts';
import { foundHere } from '../rig/found-here.ts';

const cannotBeLoaded: Failure = {
  file: 'test/b.test.ts',
  name: '(the file)',
  message: 'Cannot find module',
};
const failing = (count: number): Failure[] =>
  Array.from({ length: count }, (_, index) => ({
    file: 'test/c.test.ts',
    name: `test ${index}`,
    message: '\u001b[31mexpected 1 to be 2\u001b[39m\n    at c.test.ts:3:1',
  }));
const reportOf = (passed: number, failed: number, failures: readonly Failure[] = []): string =>
  JSON.stringify({ passed, skipped: 0, failures: [...failures, ...failing(failed)] } satisfies RunReport);

/** The lines for these reports of `npm test`, of the slow tests, of those on a cluster and of the newest Node; undefined is one that vitest did not write. */
async function lastLines(code: number, ...reports: readonly (string | undefined)[]): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-test-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const files = reports.map((_, index) => join(folder, `${index}.json`));
  for (const [index, text] of reports.entries())
    if (text !== undefined) await writeFile(files[index] ?? '', text);
  const command = [join(packageRoot, '.ci', 'count.js'), String(code), ...files];
  return execFileSync(process.execPath, command, { encoding: 'utf8' }).trim().split('\n');
}

async function closingLine(
  code: number,
  ...reports: readonly (string | undefined)[]
): Promise<string | undefined> {
  return (await lastLines(code, ...reports)).at(-1);
}

test('both runs are counted, and what fails on the newest Node', async () => {
  expect(await closingLine(0, reportOf(5, 0), reportOf(7, 0), reportOf(2, 0), reportOf(5, 0))).toBe(
    '14 passed, 0 failed',
  );
  expect(await closingLine(1, reportOf(5, 0), reportOf(7, 1), reportOf(2, 1), reportOf(3, 2))).toBe(
    '14 passed, 4 failed',
  );
});

test('a run without a report, or half a one, a file that cannot be loaded, and a coverage too low are failures', async () => {
  expect(await closingLine(1, undefined, undefined, undefined, undefined)).toBe('0 passed, 4 failed');
  expect(await closingLine(1, reportOf(5, 0), '{"passed', reportOf(2, 0), reportOf(5, 0))).toBe(
    '7 passed, 1 failed',
  );
  const broken = reportOf(5, 0, [cannotBeLoaded]);
  expect(await closingLine(1, broken, reportOf(7, 0), reportOf(2, 0), reportOf(5, 0))).toBe(
    '14 passed, 1 failed',
  );
  expect(await closingLine(1, reportOf(5, 0), reportOf(7, 0), reportOf(2, 0), reportOf(5, 0))).toBe(
    '14 passed, 1 failed',
  );
});

test('each test that failed is named, with the start of its message, and a file that cannot be loaded too', async () => {
  expect(
    await lastLines(1, reportOf(5, 0), reportOf(7, 1, [cannotBeLoaded]), reportOf(2, 0), reportOf(5, 0)),
  ).toEqual([
    'npm test: 5 passed, 0 failed, 0 skipped',
    'npm run test:slow: 7 passed, 2 failed, 0 skipped',
    '  FAILED test/b.test.ts > (the file)',
    '    Cannot find module',
    '  FAILED test/c.test.ts > test 0',
    '    expected 1 to be 2',
    '        at c.test.ts:3:1',
    'npm run test:cluster: 2 passed, 0 failed, 0 skipped',
    'npm test on the newest Node: 5 passed, 0 failed, 0 skipped',
    '14 passed, 2 failed',
  ]);
});

test('without a tool its tests are left out, in CI they fail', () => {
  onTestFinished(() => void vi.unstubAllEnvs());
  vi.stubEnv('CI', undefined);
  expect(foundHere('docker-compose', false)).toBe(false);
  vi.stubEnv('CI', 'true');
  expect(() => foundHere('docker-compose', false)).toThrow('CI must have docker-compose');
  expect(foundHere('docker-compose', true)).toBe(true);
});
