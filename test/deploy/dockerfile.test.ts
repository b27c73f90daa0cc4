/** The Dockerfile, as far as it can be checked without a container engine. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { packageRoot } from '../../src/platform/paths.ts';
import { foundHere } from '../rig/found-here.ts';
import { read } from './cluster.ts';

const instructions = read('Dockerfile')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) => ({ name: line.split(' ')[0], rest: line.slice(line.indexOf(' ') + 1) }));
const stages = instructions.filter(({ name }) => name === 'FROM').map(({ rest }) => rest.split(' '));
const runtime = instructions.slice(instructions.findLastIndex(({ name }) => name === 'FROM'));
const argumentsOf = (name: string, from = instructions): string[] =>
  from.filter((one) => one.name === name).map(({ rest }) => rest);

/** What the build context is copied from: not from another stage. */
const copied = argumentsOf('COPY')
  .filter((rest) => !rest.startsWith('--from'))
  .flatMap((rest) => rest.split(' ').slice(0, -1));

test('both stages are one pinned release of the newest Node that the package takes, with glibc', () => {
  const images = new Set(stages.map(([image]) => image));
  expect(images.size).toBe(1);
  const [, major = ''] = /^node:(\d+)\.\d+\.\d+-bookworm-slim$/.exec([...images].join()) ?? [];
  const { engines } = JSON.parse(read('package.json')) as { engines: { node: string } };
  expect(engines.node.split(' || ').at(-1)).toBe(`^${major}`);
});

test('every path that is copied exists and is let through by .dockerignore, and nothing else is', () => {
  const ignore = read('.dockerignore')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  expect(ignore[0]).toBe('*');
  expect(ignore.slice(1).sort()).toEqual([...new Set(copied)].map((path) => `!${path}`).sort());
  for (const path of copied) expect(existsSync(join(packageRoot, path)), path).toBe(true);
});

test('what runs has no development dependencies, and no more than the build of our code and the command that runs it', () => {
  expect(argumentsOf('RUN', runtime).filter((command) => command.includes('npm'))).toEqual([
    'npm ci --omit=dev && npm cache clean --force',
  ]);
  expect(argumentsOf('COPY', runtime)).toEqual([
    'package.json package-lock.json .npmrc ./',
    '--from=build /app/dist dist',
    'bin bin',
  ]);
});

test('the facade runs by default, as npm runs it, as a user without rights and without a shell around it', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  const [command = ''] = argumentsOf('CMD', runtime);
  expect(`exec ${(JSON.parse(command) as string[]).join(' ')}`).toBe(scripts['start']);
  expect(argumentsOf('USER', runtime)).toEqual(['1000:1000']);
  expect(runtime.findIndex(({ name }) => name === 'USER')).toBeGreaterThan(
    runtime.findLastIndex(({ name }) => name === 'RUN'),
  );
});

const run = promisify(execFile);
const found = await run('hadolint', ['--version']).then(
  () => true,
  () => foundHere('hadolint', false),
);
const why = found ? '' : ' (skipped: hadolint is not installed here)';

test.skipIf(!found)(`hadolint has nothing to say of it${why}`, async () => {
  const { stdout } = await run('hadolint', ['--no-color', join(packageRoot, 'Dockerfile')]).catch(
    (failed: unknown) => failed as { stdout: string },
  );
  expect(stdout).toBe('');
});
