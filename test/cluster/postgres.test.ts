import { expect, onTestFinished, test } from 'vitest';
import { postgresPlan } from '../../cluster/postgres.ts';

test("the user's PG variables do not lead PostgreSQL's programs to another server", () => {
  process.env['PGHOSTADDR'] = '192.0.2.7';
  onTestFinished(() => {
    delete process.env['PGHOSTADDR'];
  });
  const { env = {} } = postgresPlan({ binDir: '/bin', version: '15.1', major: 15 }, '/data', 1, {});
  expect(Object.keys(env).filter((name) => name.startsWith('PG'))).toEqual([]);
  expect(env['PATH']).toBe(process.env['PATH']);
});
