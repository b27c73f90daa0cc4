import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { claimPorts } from '../../cluster/claim-ports.ts';
import { isFree } from '../../cluster/free-ports.ts';
import { facadePlan, facadeUrl, settingsOf, workerPlan } from '../../cluster/holdfast-processes.ts';
import { serverPlan } from '../../cluster/temporal-server.ts';

const ports = { FRONTEND_GRPC_PORT: 7_233, 'facade-1': 18_789, 'worker-1': 18_800 };
const encryptionKey = Buffer.alloc(32, 'k').toString('base64');
const state = { shards: 4, postgresPassword: 'secret', encryptionKey, ports };
const around = (environment: NodeJS.ProcessEnv) => ({ dataDir: '/data', state, environment });
const keys = 'a key that is long enough';

test("the user's settings apply to each process, except those that must differ or agree", () => {
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
    HOLDFAST_ENCRYPTION_KEY: encryptionKey,
    HOLDFAST_DATA_DIR: '/data/facade-1',
    HOLDFAST_PORT: '18789',
    TEMPORAL_ADDRESS: '127.0.0.1:7233',
  });
  expect(env).not.toHaveProperty('TEMPORAL_API_KEY');
  expect(stopMs).toBe(10_000);
});

test('an empty variable, as from an exported .env file, is ignored', () => {
  const environment = {
    HOLDFAST_ENCRYPTION_KEY: ' ',
    HOLDFAST_PAYLOAD_STORE: '',
    HOLDFAST_EMBEDDED_WORKER: '',
  };
  for (const plan of [
    facadePlan('facade-1', around(environment)),
    workerPlan('worker-1', around(environment)),
  ])
    expect(plan.env).toMatchObject({
      HOLDFAST_ENCRYPTION_KEY: encryptionKey,
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

test.each([
  [{ HOLDFAST_DRAIN_SECONDS: 'soon' }, /HOLDFAST_DRAIN_SECONDS/],
  [{ HOLDFAST_ENCRYPTION_KEY: 'too short' }, /HOLDFAST_ENCRYPTION_KEY: takes 32 bytes/],
])('wrong settings are reported before anything is started: %j', (environment, message) => {
  expect(() => settingsOf(environment)).toThrow(message);
});

async function listenOn(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

test('a facade that is not ready is reported with the answer of its /readyz', async () => {
  const server = createServer((_request, response) => {
    response.writeHead(503, { connection: 'close' }).end('nobody polls for the version 2');
  });
  const port = await listenOn(server);
  const plan = facadePlan('facade-1', {
    dataDir: '/data',
    state: { ...state, ports: { 'facade-1': port } },
    environment: {},
  });
  expect(await plan.isReady()).toBe(false);
  expect(await plan.whyNotReady?.()).toEqual({
    reason: `http://127.0.0.1:${port}/readyz answers 503 nobody polls for the version 2`,
  });
});

test('an HTTP proxy of the environment is not used for this machine', async () => {
  let asked = 0;
  const proxy = createServer().on('connection', (socket) => {
    asked += 1;
    socket.destroy();
  });
  const before = process.env['http_proxy'];
  process.env['http_proxy'] = `http://127.0.0.1:${await listenOn(proxy)}`;
  onTestFinished(() => {
    if (before === undefined) delete process.env['http_proxy'];
    else process.env['http_proxy'] = before;
  });
  const binaries = { server: '/bin/false', sqlTool: '/bin/false' };
  const plan = serverPlan(binaries, { ...state, ports: { FRONTEND_GRPC_PORT: 1 } });
  expect({ ready: await plan.isReady(), asked }).toEqual({ ready: false, asked: 0 });
  const { env } = workerPlan('worker-1', around({ no_proxy: 'example.com' }));
  expect(env).toMatchObject({ no_proxy: 'example.com,127.0.0.1,localhost' });
});

test('ports of facades must be free on the address where they listen; an address of another machine is refused', async () => {
  const { ports, release } = await claimPorts(1, 0, { host: '0.0.0.0' });
  onTestFinished(release);
  const { 'facade-1': port = 0 } = ports;
  expect(await isFree(port, '0.0.0.0')).toBe(true);
  await expect(claimPorts(1, 0, { host: '192.0.2.7' })).rejects.toThrow(/192\.0\.2\.7.*set HOLDFAST_HOST/);
});
