/** The log redacts secrets (I5). test/node/secrets.test.ts checks that none reaches the log in the first place. */
import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, existsSync, mkdtempSync, openSync, readFile } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { LogOutput } from '../../src/platform/log-output.ts';

const logging = new URL('../../src/platform/logging.ts', import.meta.url).href;

/** The lines that a separate process logs at `level`, parsed. */
async function linesOf(level: string, statements: string): Promise<Record<string, unknown>[]> {
  const program = `import { createLog } from ${JSON.stringify(logging)}; const log = createLog('${level}'); ${statements}`;
  const flags = ['--import', 'tsx', '--input-type=module', '--eval', program];
  const { stdout } = await promisify(execFile)(process.execPath, flags);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

test('tokens and keys are redacted when an object that contains them is logged', async () => {
  const [line] = await linesOf(
    'info',
    `log.info({
      req: { method: 'POST', headers: { authorization: 'Bearer canary', 'idempotency-key': 'canary', host: 'a' } },
      auth_token: 'canary',
      body: { auth_token: 'canary', name: 'writer' },
      agent: { sealedToken: 'canary' },
    }, 'told');`,
  );
  expect(JSON.stringify(line)).not.toContain('canary');
  expect(line).toMatchObject({
    req: { method: 'POST', headers: { authorization: '[redacted]', host: 'a' } },
    body: { auth_token: '[redacted]', name: 'writer' },
    msg: 'told',
  });
});

test('a line has its time in ISO 8601 and does not name the process or the machine', async () => {
  const lines = await linesOf('warn', "log.info('not told'); log.warn('told');");
  expect(lines).toEqual([
    { level: 40, time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string, msg: 'told' },
  ]);
});

/** How a process ends whose log no disk takes. */
async function onFullDisk(statements: string): Promise<number | null> {
  const program = `import { createLog } from ${JSON.stringify(logging)}; const log = createLog('info'); ${statements}`;
  const full = openSync('/dev/full', 'w');
  const flags = ['--import', 'tsx', '--input-type=module', '--eval', program];
  const child = spawn(process.execPath, flags, { stdio: ['ignore', full, 'ignore'], timeout: 20_000 });
  closeSync(full);
  const [code] = (await once(child, 'exit')) as [number | null];
  return code;
}

test.skipIf(!existsSync('/dev/full'))(
  'a process whose log is on a full disk goes on, and ends when it is to',
  async () => {
    const goesOn = `
      log.info('lost');
      setTimeout(() => { log.warn('lost at the end'); process.exit(7); }, 50);`;
    expect(await onFullDisk(goesOn)).toBe(7);
  },
);

test('once lines are taken again, the log tells how many were not', async () => {
  const fifo = join(mkdtempSync(join(tmpdir(), 'holdfast-log-')), 'fifo');
  execFileSync('mkfifo', [fifo]);
  const openReader = () => openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
  const first = openReader();
  const output = new LogOutput(openSync(fifo, constants.O_WRONLY | constants.O_NONBLOCK));
  closeSync(first); // Nobody reads: every write fails.
  output.write('"lost"\n');
  output.write('"lost at once"\n');
  output.flushSync();

  const reader = openReader();
  let sent = 2;
  let received = '';
  const linesTold = async (): Promise<number> => {
    output.write('"again"\n');
    sent += 1;
    await new Promise((resolve) => setTimeout(resolve, 20));
    received += await promisify(readFile)(reader, 'utf8').catch(() => '');
    const lines = received.split('\n').filter((line) => line !== '');
    const parsed = lines.map((line) => JSON.parse(line) as string | { dropped: number });
    return parsed.reduce<number>((sum, one) => sum + (typeof one === 'string' ? 1 : one.dropped), 0);
  };
  await expect.poll(async () => (await linesTold()) === sent).toBe(true);
  expect(received).toMatch(/"dropped":\d.*"Log lines could not be written"}\n/);
  expect(received).not.toContain('lost at once');
});
