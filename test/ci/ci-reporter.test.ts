/** What CI reports of a run: every error, also those of hooks and outside any test. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { packageRoot } from '../../src/platform/paths.ts';
import type { RunReport } from '../rig/ci-reporter.ts';

const files = {
  'hook.test.ts': `import { beforeAll, describe, expect, it } from 'vitest';
    describe('a suite', () => {
      beforeAll(() => { throw new Error('the hook failed', { cause: new Error('no port') }); });
      it('is skipped', () => expect(1).toBe(1));
    });`,
  'load.test.ts': `import './nothing-there.ts';`,
  'tests.test.ts': `import { expect, test } from 'vitest';
    test('passes', () => expect(1).toBe(1));
    test('fails', () => expect(1).toBe(2));
    test('rejects later', async () => { void Promise.reject(new Error('nobody awaits this')); });`,
};

test('the report of a run has every failure with its reason', async () => {
  await mkdir(join(packageRoot, '.holdfast'), { recursive: true });
  const folder = await mkdtemp(join(packageRoot, '.holdfast', 'report-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  const reporter = JSON.stringify(join(packageRoot, 'test/rig/ci-reporter.ts'));
  const path = join(folder, 'report.json');
  await writeFile(
    join(folder, 'vitest.config.ts'),
    `import { CiReporter } from ${reporter};
     export default { test: { reporters: [new CiReporter({ path: ${JSON.stringify(path)} })] } };`,
  );

  const vitest = join(packageRoot, 'node_modules/vitest/vitest.mjs');
  const run = promisify(execFile)(process.execPath, [vitest, 'run', '--root', folder], { cwd: folder });
  await expect(run).rejects.toMatchObject({ code: 1 });

  const { passed, skipped, failures } = JSON.parse(await readFile(path, 'utf8')) as RunReport;
  expect({ passed, skipped }).toEqual({ passed: 2, skipped: 1 });
  expect(failures.map(({ file, name }) => `${file} ${name}`).sort()).toEqual([
    ' (outside any test)',
    'hook.test.ts a suite (a hook)',
    'load.test.ts (the file)',
    'tests.test.ts fails',
  ]);
  const reasonOf = (file: string): string | undefined =>
    failures.find((failure) => failure.file === file)?.message;
  expect(reasonOf('hook.test.ts')).toMatch(/the hook failed[^]*Caused by Error: no port/);
  expect(reasonOf('load.test.ts')).toContain('nothing-there.ts');
  expect(reasonOf('')).toContain('nobody awaits this');
});
