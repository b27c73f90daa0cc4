import { pino } from 'pino';
import { expect, test } from 'vitest';
import { Cleanups } from '../../src/platform/shutdown.ts';

function cleanupsWithLog() {
  const lines: { msg: string; err: { message: string } }[] = [];
  const log = pino({ level: 'warn' }, { write: (line: string) => lines.push(JSON.parse(line) as never) });
  return { cleanups: new Cleanups(log), lines };
}

test('cleanup steps run in reverse order, one after the other', async () => {
  const { cleanups, lines } = cleanupsWithLog();
  const told: string[] = [];
  for (const what of ['Temporal', 'worker', 'HTTP'])
    cleanups.add(what, async () => {
      told.push(`${what} begins`);
      await Promise.resolve();
      told.push(`${what} ends`);
    });
  await cleanups.run();
  expect(told).toEqual(['HTTP', 'worker', 'Temporal'].flatMap((what) => [`${what} begins`, `${what} ends`]));
  expect(lines).toEqual([]);
});

test('a cleanup step that fails is logged with its name, and the others still run', async () => {
  const { cleanups, lines } = cleanupsWithLog();
  const done: string[] = [];
  cleanups.add('Temporal', () => Promise.resolve(done.push('Temporal')));
  cleanups.add('worker', () => Promise.reject(new Error('it hangs')));
  cleanups.add('disk guard', () => {
    throw new Error('no disk');
  });
  cleanups.add('HTTP', () => Promise.resolve(done.push('HTTP')));
  await cleanups.run();
  expect(done).toEqual(['HTTP', 'Temporal']);
  expect(lines.map(({ msg, err }) => [msg, err.message])).toEqual([
    ['Stopping: disk guard failed', 'no disk'],
    ['Stopping: worker failed', 'it hangs'],
  ]);
});

test('no cleanup step runs twice, and steps that are added during cleanup run too', async () => {
  const { cleanups } = cleanupsWithLog();
  const done: string[] = [];
  cleanups.add('first', () => {
    cleanups.add('late', () => Promise.resolve(done.push('late')));
    return Promise.resolve(done.push('first'));
  });
  await cleanups.run();
  await cleanups.run();
  expect(done).toEqual(['first', 'late']);
});
