/** The log's own lock on secrets (I5); that none gets as far is what test/node/secrets.test.ts hunts for. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const logging = new URL('../../src/platform/logging.ts', import.meta.url).href;

/** What a process of its own logs at `level`, a parsed line each. */
async function linesOf(level: string, statements: string): Promise<Record<string, unknown>[]> {
  const program = `import { createLog } from ${JSON.stringify(logging)}; const log = createLog('${level}'); ${statements}`;
  const flags = ['--import', 'tsx', '--input-type=module', '--eval', program];
  const { stdout } = await promisify(execFile)(process.execPath, flags);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

test('tokens and keys are not shown where an object that holds them is logged', async () => {
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

test('a line has its time in ISO 8601 and names no process or machine', async () => {
  const lines = await linesOf('warn', "log.info('not told'); log.warn('told');");
  expect(lines).toEqual([
    { level: 40, time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string, msg: 'told' },
  ]);
});
