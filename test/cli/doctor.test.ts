/** `holdfast doctor` on working and on broken installations. */
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { checkCluster } from '../../src/cli/doctor/temporal.ts';
import { generation } from '../../src/domain/cluster-terms.ts';
import { claimPort } from '../../src/platform/embedded/ports.ts';
import { createSealer } from '../../src/platform/sealing.ts';
import { startAgent } from '../agents/scripted-agent.ts';
import { startNodeProcess, type NodeProcess } from '../rig/node-process.ts';
import { testEnvironment, type Environment } from '../rig/test-node.ts';
import { runCli, type Ran } from './run-cli.ts';

interface Check {
  readonly check: string;
  readonly status: string;
  readonly detail: string;
  readonly fix?: string;
}

async function place(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-doctor-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A machine on which no node runs. */
async function emptyMachine(extra: Environment = {}): Promise<Environment> {
  const port = String(await claimPort(0, ''));
  return {
    ...(await testEnvironment()),
    HOLDFAST_PORT: port,
    HOLDFAST_DATA_DIR: join(await place(), 'new'),
    ...extra,
  };
}

async function doctor(environment: Environment, ...args: string[]) {
  const ran: Ran = await runCli(['doctor', '--json', ...args], environment);
  const { ok, checks } = JSON.parse(ran.stdout) as { ok: boolean; checks: Check[] };
  return { code: ran.code, ok, of: (name: string) => checks.find(({ check }) => check === name), checks };
}

test('before the first start no check fails, and the only warning says how to start a node', async () => {
  const { code, ok, checks } = await doctor(await emptyMachine());
  expect({ code, ok }).toEqual({ code: 0, ok: true });
  const warnings = checks.filter(({ status }) => status === 'warn');
  expect(warnings).toMatchObject([{ check: 'node', fix: expect.stringContaining('npm start') as string }]);
});

test('doctor creates nothing: afterwards the data directory does not exist', async () => {
  const environment = await emptyMachine();
  await doctor(environment);
  const { of } = await doctor(environment);
  expect(of('data directory')?.detail).toContain('will be created');
  expect(of('encryption key')?.detail).toContain('the first start creates');
});

test('an invalid setting fails the check, and the plain output names it', async () => {
  const { code, stdout } = await runCli(['doctor'], await emptyMachine({ HOLDFAST_PORT: 'many' }));
  expect(code).toBe(1);
  expect(stdout).toMatch(/^fail {2}settings: HOLDFAST_PORT: takes a whole number/m);
  expect(stdout).toMatch(/^ +-> docs\/settings.md/m);
});

test('a removed setting is only a warning', async () => {
  const { code, of } = await doctor(await emptyMachine({ HOLDFAST_REPEAT_CACHE_BYTES: '0' }));
  expect(code).toBe(0);
  expect(of('settings')).toMatchObject({
    status: 'warn',
    detail: expect.stringContaining('HOLDFAST_REPEAT_CACHE_BYTES was removed') as string,
  });
});

test('a port that another program uses fails the check, which names the setting to change', async () => {
  const other = await startAgent(() => ({ body: {} }));
  onTestFinished(() => other.close());
  const { code, of } = await doctor(await emptyMachine({ HOLDFAST_PORT: String(other.port) }));
  expect(code).toBe(1);
  expect(of('port HOLDFAST_PORT')).toMatchObject({
    status: 'fail',
    fix: expect.stringContaining('set HOLDFAST_PORT') as string,
  });
});

test('an invalid encryption key fails the check, and a key that other users can read is a warning', async () => {
  const wrong = await doctor(await emptyMachine({ HOLDFAST_ENCRYPTION_KEY: 'short' }));
  expect(wrong.of('settings')).toMatchObject({
    status: 'fail',
    detail: expect.stringContaining('HOLDFAST_ENCRYPTION_KEY: takes 32 bytes') as string,
  });
  const folder = await place();
  await writeFile(join(folder, 'encryption.key'), `${Buffer.alloc(32, 'k').toString('base64')}\n`);
  await chmod(join(folder, 'encryption.key'), 0o644);
  const open = await doctor(await emptyMachine({ HOLDFAST_DATA_DIR: folder }));
  expect(open.of('encryption key')).toMatchObject({
    status: 'warn',
    fix: expect.stringContaining('chmod 600') as string,
  });
});

test('a Temporal server, a named node and a bucket that do not answer fail their checks, and so does a wrong CLI', async () => {
  const away = await doctor(
    await emptyMachine({
      TEMPORAL_ADDRESS: '127.0.0.1:9',
      HOLDFAST_URL: 'http://127.0.0.1:9',
      HOLDFAST_PAYLOAD_STORE: 's3://bucket',
      AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:9',
      AWS_ACCESS_KEY_ID: 'id',
      AWS_SECRET_ACCESS_KEY: 'secret',
    }),
  );
  expect(away.of('payload store')).toMatchObject({ status: 'fail', detail: 'S3 does not answer' });
  expect(away.of('temporal server')).toMatchObject({ status: 'fail' });
  expect(away.of('node')).toMatchObject({ status: 'fail' });
  expect(away.of('temporal CLI')).toMatchObject({ status: 'skip' });
  const noCli = await doctor(await emptyMachine({ HOLDFAST_TEMPORAL_CLI: '/bin/true' }));
  expect(noCli.of('temporal CLI')).toMatchObject({ status: 'fail' });
});

test('little free disk space is a warning', async () => {
  const { code, of } = await doctor(await emptyMachine({ HOLDFAST_MIN_FREE_DISK_MIB: '1048576' }));
  expect(code).toBe(0);
  expect(of('disk')).toMatchObject({ status: 'warn' });
});

test('a full disk, and a data directory and a payload store that cannot be folders, fail with the setting to change', async () => {
  const file = join(await place(), 'file');
  await writeFile(file, '');
  const { code, of } = await doctor(
    await emptyMachine({
      HOLDFAST_DATA_DIR: join(file, 'below'),
      HOLDFAST_PAYLOAD_STORE: file,
      HOLDFAST_DISK_RESERVE_MIB: '1048576',
    }),
  );
  expect(code).toBe(1);
  for (const [check, setting] of [
    ['disk', 'HOLDFAST_DISK_RESERVE_MIB'],
    ['data directory', 'HOLDFAST_DATA_DIR'],
    ['payload store', 'HOLDFAST_PAYLOAD_STORE'],
  ] as const)
    expect(of(check)).toMatchObject({ status: 'fail', fix: expect.stringContaining(setting) as string });
});

test('with a running node all checks are ok; another key or payload store fails the checks of cluster and tokens', async () => {
  const environment = await testEnvironment();
  onTestFinished(() => rm(environment.HOLDFAST_DATA_DIR, { recursive: true, force: true }));
  const node: NodeProcess = await startNodeProcess(environment);
  await node.http.register('secretive', 9, { auth_token: 'hush-hush' });
  const beside = {
    ...environment,
    HOLDFAST_URL: node.url,
    HOLDFAST_PORT: new URL(node.url).port,
    HOLDFAST_TEMPORAL_PORT: node.temporalAddress.split(':').at(-1) ?? '',
  };
  const well = await doctor(beside);
  expect(well.checks.filter(({ status }) => status !== 'ok')).toEqual([]);
  expect(well.of('port HOLDFAST_PORT')?.detail).toContain('a Holdfast node');
  expect(well.of('namespace')?.detail).toBe('default keeps ended calls for 7 days');
  expect(well.of('cluster')?.detail).toBe('the key and the payload store are those of its nodes');
  expect(well.of('sealed tokens')?.detail).toBe('the key opens all 1');

  const emptyStore = await doctor({ ...beside, HOLDFAST_PAYLOAD_STORE: await place() });
  expect(emptyStore.of('cluster')).toMatchObject({
    status: 'fail',
    fix: expect.stringContaining('set HOLDFAST_PAYLOAD_STORE to theirs') as string,
  });

  const other = await doctor({ ...beside, HOLDFAST_ENCRYPTION_KEY: Buffer.alloc(32, 'x').toString('hex') });
  expect(other.code).toBe(1);
  expect(other.of('cluster')).toMatchObject({
    status: 'fail',
    fix: expect.stringContaining('set HOLDFAST_ENCRYPTION_KEY to the key with their fingerprint') as string,
  });
  expect(other.of('sealed tokens')).toMatchObject({
    status: 'fail',
    detail: 'the key does not open the tokens of secretive',
  });
});

test('the cluster check fails for a node that would be refused, and is not ok if it cannot compare', () => {
  const sealer = createSealer(Buffer.alloc(32, 'k'));
  const terms = { keyFingerprint: sealer.keyFingerprint, storeId: 'theirs', generation };
  expect(checkCluster(undefined, sealer, undefined)).toMatchObject({ status: 'ok' });
  expect(checkCluster(terms, sealer, 'theirs')).toMatchObject({ status: 'ok' });
  const fails: [Parameters<typeof checkCluster>, RegExp][] = [
    [[new Error('PERMISSION_DENIED'), sealer, 'theirs'], /cannot be read: PERMISSION_DENIED/],
    [
      [terms, sealer, undefined],
      /has no id yet.*: a node started from this shell would be refused; the nodes that run/,
    ],
    [[terms, sealer, new Error('S3 does not answer')], /S3 does not answer/],
    [[terms, sealer, 'other'], /another payload store \(id theirs, here other\)/],
    [[terms, undefined, 'other'], /another payload store/],
    [[{ ...terms, keyFingerprint: 'theirs' }, sealer, 'theirs'], /another encryption key/],
    [
      [{ ...terms, keyFingerprint: 'theirs' }, sealer, 'other'],
      /another encryption key .*; .*another payload store/,
    ],
    [
      [{ ...terms, keyFingerprint: 'theirs' }, sealer, undefined],
      /another encryption key .*; .*has no id yet/,
    ],
    [
      [{ ...terms, generation: generation + 1 }, sealer, 'theirs'],
      /of generation \d+, this version of \d+: a node started/,
    ],
  ];
  for (const [given, detail] of fails)
    expect(checkCluster(...given)).toMatchObject({
      status: 'fail',
      detail: expect.stringMatching(detail) as string,
    });
  expect(checkCluster(terms, undefined, 'theirs')).toMatchObject({ status: 'skip' });
  expect(checkCluster({ ...terms, generation: generation - 1 }, sealer, 'theirs')).toMatchObject({
    status: 'warn',
    detail: expect.stringContaining('a start is refused while they run') as string,
  });
});
