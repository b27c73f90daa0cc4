/** docker-compose.yml, as far as it can be checked without a container engine; versions: server-table.test.ts. */
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/platform/config.ts';
import { composeText, ours, read, secrets, services, volumes } from './cluster.ts';

const all = Object.entries(services);
const { version, scripts } = JSON.parse(read('package.json')) as {
  version: string;
  scripts: Record<string, string>;
};

test('the cluster is PostgreSQL, Temporal with its Web UI, one facade and two workers', () => {
  const running = all.filter(([, service]) => service.restart === 'unless-stopped').map(([name]) => name);
  expect(running).toEqual(['postgres', 'temporal', 'temporal-ui', 'facade', 'worker-1', 'worker-2']);
  expect(ours.map(([name]) => name)).toEqual(['facade', 'worker-1', 'worker-2']);
});

test.each(all)('the image of %s is pinned to a release', (_name, { image }) => {
  expect(image).toMatch(/^[\w/-]+:\d+\.\d+(\.\d+)?(-\w+)?$/);
});

test('our image has the version of the package and is built once', () => {
  expect(new Set(ours.map(([, service]) => service.image))).toEqual(new Set([`holdfast:${version}`]));
  expect(ours.filter(([, service]) => service.build).map(([name]) => name)).toEqual(['facade']);
});

test.each(all)('%s has a health check, or ends and is waited for', (name, service) => {
  if (service.restart === 'unless-stopped') expect(service.healthcheck?.test[0]).toBe('CMD');
  else {
    const waits = all
      .map(([, other]) => other.depends_on?.[name]?.condition)
      .filter((one) => one !== undefined);
    expect(waits.length).toBeGreaterThan(0);
    expect(new Set(waits)).toEqual(new Set(['service_completed_successfully']));
  }
});

test.each(all)('what %s depends on is up before it starts', (_name, { depends_on = {} }) => {
  for (const [other, { condition }] of Object.entries(depends_on))
    expect(condition).toBe(
      services[other]?.restart === 'unless-stopped' ? 'service_healthy' : 'service_completed_successfully',
    );
});

test('the database and large texts are kept in named volumes, and ports are open to this machine alone', () => {
  expect(Object.keys(volumes)).toEqual(['postgres-data', 'payloads']);
  expect(services['postgres']?.volumes).toEqual(['postgres-data:/var/lib/postgresql/data']);
  for (const [name, { ports = [] }] of all)
    for (const port of ports) expect(port, name).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
});

describe.each(ours)('%s', (name, service) => {
  const { environment, command, healthcheck, stop_grace_period = '' } = service;
  const config = loadConfig(environment); // Throws on a setting that does not exist or a value that it does not take.

  test('runs what npm runs', () => {
    const script = name === 'facade' ? scripts['start'] : scripts['worker'];
    expect(`exec ${command?.join(' ') ?? ''}`).toBe(script);
  });

  test('is asked for its health where it answers', () => {
    const url = name === 'facade' ? `${config.port}/readyz` : `${config.worker.port}/healthz`;
    expect(healthcheck?.test.at(-1)).toContain(`fetch('http://127.0.0.1:${url}')`);
  });

  test('is given the time that its drain takes before it is killed', () => {
    expect(Number.parseInt(stop_grace_period)).toBeGreaterThan(config.drainMs / 1_000 + 5);
    expect(service.init).toBe(true);
  });

  test('has the key that the others have, and works where it should', () => {
    expect(config.encryptionKey).toBe(secrets['HOLDFAST_ENCRYPTION_KEY']);
    expect(environment['TEMPORAL_ADDRESS']).toBe('temporal:7233');
    if (name !== 'facade') return;
    expect(config).toMatchObject({ host: '0.0.0.0', worker: { embedded: false } });
    expect(config.apiKeys).toEqual([secrets['HOLDFAST_API_KEYS']]);
  });
});

test('every secret is required from the environment, and nothing else is taken from it', () => {
  const variables = [...composeText.matchAll(/(?<!\$)\$\{(\w+)([^}]*)\}/g)];
  expect(new Set(variables.map(([, name]) => name))).toEqual(new Set(Object.keys(secrets)));
  for (const [all, , rest] of variables) expect(rest, all).toMatch(/^:\?/);
  for (const line of composeText.split('\n').filter((one) => /(PASSWORD|PWD|KEYS?): /.test(one)))
    expect(line).toMatch(/: \$\{\w+:\?/);
});
