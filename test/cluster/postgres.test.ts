import { expect, onTestFinished, test } from 'vitest';
import { postgresPlan } from '../../cluster/postgres.ts';

test("PostgreSQL and its programs are not led to another server by the user's own PG variables", () => {
  process.env['PGHOSTADDR'] = '192.0.2.7';
  onTestFinished(() => {
    delete process.env['PGHOSTADDR'];
  });
  const { env = {} } = postgresPlan({ binDir: '/bin', version: '15.1', major: 15 }, '/data', 1, {});
  expect(Object.keys(env).filter((name) => name.startsWith('PG'))).toEqual([]);
  expect(env['PATH']).toBe(process.env['PATH']);
});
