/** The log redacts secrets (I5). test/node/secrets.test.ts checks that none reaches the log in the first place. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

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
