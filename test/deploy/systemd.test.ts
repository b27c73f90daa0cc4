/** systemd itself reads the unit file; it needs no running system manager for that. */
import { execFile, execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { loadConfig } from '../../src/platform/config.ts';
import { packageRoot } from '../../src/platform/paths.ts';
import { foundHere } from '../rig/found-here.ts';

const run = promisify(execFile);
const unit = await readFile(join(packageRoot, 'deploy', 'holdfast.service'), 'utf8');

const isThere = (command: string): boolean => {
  try {
    execFileSync('sh', ['-c', `command -v ${command}`]);
    return true;
  } catch {
    return false;
  }
};
const found = foundHere('systemd-analyze', isThere('systemd-analyze'));
const why = found ? '' : ' (skipped: systemd-analyze is not installed here)';

const settingOf = (name: string): string | undefined => new RegExp(`^${name}=(.*)$`, 'm').exec(unit)?.[1];

test.skipIf(!found)(`systemd-analyze verify has nothing to say of the unit file${why}`, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-test-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const copy = join(folder, 'holdfast.service');
  // It must find the executable, which is elsewhere on some machines.
  await writeFile(copy, unit.replace('/usr/bin/node', process.execPath));
  expect(await run('systemd-analyze', ['verify', '--man=no', copy])).toEqual({ stdout: '', stderr: '' });
});

test('the unit runs what npm start runs, without npm between systemd and the node', async () => {
  const { scripts } = JSON.parse(await readFile(join(packageRoot, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  expect(settingOf('ExecStart')).toBe(scripts['start']?.replace('exec node', '/usr/bin/node'));
});

test('the unit signals the node alone, and gives it its drain and the seconds beyond before it kills', () => {
  expect(settingOf('KillMode')).toBe('mixed');
  expect(settingOf('KillSignal')).toBe('SIGTERM');
  const { drainMs } = loadConfig({});
  expect(1_000 * Number(settingOf('TimeoutStopSec'))).toBeGreaterThan(drainMs + 5_000);
});
