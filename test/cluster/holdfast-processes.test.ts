import { expect, test } from 'vitest';
import { claimPorts } from '../../cluster/claim-ports.ts';
import { isFree } from '../../cluster/free-ports.ts';
import { facadePlan, facadeUrl, settingsOf, workerPlan } from '../../cluster/holdfast-processes.ts';

const ports = { FRONTEND_GRPC_PORT: 7_233, 'facade-1': 18_789, 'worker-1': 18_800 };
const state = { shards: 4, postgresPassword: 'secret', encryptionKey: 'of the state', ports };
const around = (environment: NodeJS.ProcessEnv) => ({ dataDir: '/data', state, environment });
const keys = 'a key that is long enough';

test("the user's settings hold for each process, but for those that must differ or agree", () => {
  const environment = {
    HOLDFAST_DRAIN_SECONDS: '2',
    HOLDFAST_DATA_DIR: '/elsewhere',
    TEMPORAL_ADDRESS: 'elsewhere:7233',
    TEMPORAL_API_KEY: 'of another server',
  };
  const { env, stopMs } = facadePlan('facade-1', around(environment));
  expect(env).toMatchObject({
    HOLDFAST_DRAIN_SECONDS: '2',
    HOLDFAST_EMBEDDED_WORKER: 'off',
    HOLDFAST_ENCRYPTION_KEY: 'of the state',
    HOLDFAST_DATA_DIR: '/data/facade-1',
    HOLDFAST_PORT: '18789',
    TEMPORAL_ADDRESS: '127.0.0.1:7233',
  });
  expect(env).not.toHaveProperty('TEMPORAL_API_KEY');
  expect(stopMs).toBe(10_000);
});

test('an empty variable, as of an exported .env file, sets nothing', () => {
  const environment = {
    HOLDFAST_ENCRYPTION_KEY: '',
    HOLDFAST_PAYLOAD_STORE: '',
    HOLDFAST_EMBEDDED_WORKER: '',
  };
  for (const plan of [
    facadePlan('facade-1', around(environment)),
    workerPlan('worker-1', around(environment)),
  ])
    expect(plan.env).toMatchObject({
      HOLDFAST_ENCRYPTION_KEY: 'of the state',
      HOLDFAST_PAYLOAD_STORE: '/data/payloads',
      HOLDFAST_EMBEDDED_WORKER: 'off',
    });
});

test.each([
  ['127.0.0.1', 'http://127.0.0.1:18789'],
  ['0.0.0.0', 'http://127.0.0.1:18789'],
  ['::', 'http://127.0.0.1:18789'],
  ['::1', 'http://[::1]:18789'],
  ['192.0.2.7', 'http://192.0.2.7:18789'],
])('a facade that listens on %s is asked at %s', (host, url) => {
  expect(facadeUrl('facade-1', host, state)).toBe(url);
  const environment = { HOLDFAST_HOST: host, HOLDFAST_API_KEYS: keys };
  expect(facadePlan('facade-1', around(environment)).listens).toEqual({ host, port: 18_789 });
  expect(workerPlan('worker-1', around(environment)).listens).toEqual({ host: '127.0.0.1', port: 18_800 });
});

test('wrong settings are told before anything is started', () => {
  expect(() => settingsOf({ HOLDFAST_DRAIN_SECONDS: 'soon' })).toThrow(/HOLDFAST_DRAIN_SECONDS/);
});

test('ports of facades are looked for where they listen; an address of another machine is told', async () => {
  const { 'facade-1': port = 0 } = await claimPorts(1, 0, { host: '0.0.0.0' });
  expect(await isFree(port, '0.0.0.0')).toBe(true);
  await expect(claimPorts(1, 0, { host: '192.0.2.7' })).rejects.toThrow(/192\.0\.2\.7.*set HOLDFAST_HOST/);
});
