/** Which part of its log is shown when a server did not start. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openServerLog } from '../../../src/platform/embedded/server-log.ts';

async function tailOf(before: string, written: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-test-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, 'temporal.log'), before);
  const log = await openServerLog(folder);
  await log.file.write(written);
  await log.file.close();
  return log.tail();
}

test('the last lines since this start are shown', async () => {
  const lines = Array.from({ length: 9 }, (_, index) => `line ${index}`);
  expect(await tailOf('panic: of the start before\n', `${lines.join('\n')}\n`)).toBe(
    lines.slice(-5).join('\n'),
  );
});

test('after a panic of the server the lines before it are shown, not the stack trace', async () => {
  const error = '{"level":"ERROR","error":"listen tcp 127.0.0.1:7233: bind: address already in use"}';
  const stack = Array.from({ length: 400 }, (_, index) => `\t/home/go/pkg/mod/some/file.go:${index}`);
  const panic = 'panic: runtime error: invalid memory address or nil pointer dereference';
  expect(await tailOf('', [error, panic, 'goroutine 1 [running]:', ...stack].join('\n'))).toBe(
    `${error}\n${panic}`,
  );
});
