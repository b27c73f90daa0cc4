import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';

const program = fileURLToPath(new URL('main-process.ts', import.meta.url));

/** The entry point as a process. `printed` resolves once its output contains the text. */
function run(way: string) {
  const child = spawn(process.execPath, ['--import', 'tsx', program, way], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const output = { stdout: '', stderr: '' };
  const waiting: (() => void)[] = [];
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (chunk: string) => {
      output[name] += chunk;
      for (const check of waiting) check();
    });
  const printed = (text: string): Promise<void> =>
    new Promise((resolve) => {
      const check = (): void => {
        if (output.stdout.includes(text)) resolve();
      };
      waiting.push(check);
      check();
    });
  const code = new Promise<number | null>((resolve) => child.once('close', resolve));
  return { child, output, printed, code };
}

test('an entry point that ends exits with 0, even if a timer is still active', async () => {
  for (const way of ['returns', 'returns with a timer left']) {
    const { code, output } = run(way);
    expect(await code).toBe(0);
    expect(output).toEqual({ stdout: '', stderr: '' });
  }
});

test('a StartupError is printed without a stack, and the process exits with 1', async () => {
  const { code, output } = run('refuses');
  expect(await code).toBe(1);
  expect(output).toEqual({ stdout: '', stderr: 'Set HOLDFAST_PORT to a free one\n' });
});

test('any other error is printed with its stack, and the process exits with 1', async () => {
  const { code, output } = run('breaks');
  expect(await code).toBe(1);
  expect(output.stderr).toMatch(/Error: a bug\n\s+at .*main-process/);
});

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('%s ends the process in good order', async (signal) => {
  const { child, printed, code, output } = run('stops on a signal');
  await printed('ready');
  child.kill(signal);
  expect(await code).toBe(0);
  expect(output.stdout).toContain(`stopping on ${signal}`);
});

test.each([
  ['SIGINT', 'SIGINT'],
  ['SIGTERM', 'SIGINT'],
] as const)('after %s a second signal, %s, ends it at once with 130', async (first, second) => {
  const { child, printed, code } = run('hangs while stopping');
  await printed('ready');
  child.kill(first);
  await printed('stopping');
  // A duplicate right after the first signal, as npm sends it, does not count as a second one.
  const pressing = setInterval(() => child.kill(second), 100);
  onTestFinished(() => clearInterval(pressing));
  expect(await code).toBe(130);
});

test('a signal that arrives twice within a moment counts once, and the process ends in good order', async () => {
  const { child, printed, code } = run('hangs while stopping, with a limit');
  await printed('ready');
  child.kill('SIGINT');
  await printed('stopping');
  child.kill('SIGINT');
  expect(await code).toBe(1); // Because of the time limit, not of the second signal.
});

test('a shutdown that hangs beyond its limit exits with 1', async () => {
  const { child, printed, code } = run('hangs while stopping, with a limit');
  await printed('ready');
  child.kill('SIGTERM');
  expect(await code).toBe(1);
});

test('a shutdown step that fails is logged and does not stop the shutdown', async () => {
  const { child, printed, code, output } = run('fails while stopping');
  await printed('ready');
  child.kill('SIGTERM');
  expect(await code).toBe(0);
  expect(JSON.parse(output.stdout.split('\n')[2] ?? '')).toMatchObject({
    level: 40,
    msg: 'Stopping: worker failed',
    err: { message: 'it hangs' },
  });
});
