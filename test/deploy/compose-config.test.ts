/** docker-compose itself reads the file; it needs no container engine for that. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { packageRoot } from '../../src/platform/paths.ts';
import { foundHere } from '../rig/found-here.ts';
import { secrets, services } from './cluster.ts';

const run = promisify(execFile);
const found = await run('docker-compose', ['version']).then(
  () => true,
  () => foundHere('docker-compose', false),
);
const why = found ? '' : ' (skipped: docker-compose is not installed here)';

const configured = (environment: Readonly<Record<string, string>>) =>
  run('docker-compose', ['config'], {
    cwd: packageRoot,
    env: { PATH: process.env['PATH'], ...environment },
  });

test.skipIf(!found)(`docker-compose takes the file and sees the same services${why}`, async () => {
  const seen = parse((await configured(secrets)).stdout) as { services: object };
  expect(Object.keys(seen.services).sort()).toEqual(Object.keys(services).sort());
});

test.skipIf(!found).each(Object.keys(secrets))(
  `docker-compose does not go on without %s, and says how to make it${why}`,
  async (name) => {
    await expect(configured({ ...secrets, [name]: '' })).rejects.toMatchObject({
      stderr: expect.stringMatching(/set it to the output of "openssl rand -\w+ \d+"/) as string,
    });
  },
);
