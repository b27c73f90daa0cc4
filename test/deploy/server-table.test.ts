/** The three Temporal servers that are started from here are those of one table: embedded, `npm run cluster`, Compose. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { claimPorts } from '../../cluster/claim-ports.ts';
import { postgresPlan } from '../../cluster/postgres.ts';
import { serverEnvironment } from '../../cluster/temporal-server.ts';
import { pinnedVersion } from '../../src/platform/embedded/cli-version.ts';
import { startDevCommand } from '../../src/platform/embedded/start-dev-command.ts';
import { serverTable } from '../../src/platform/server-table.ts';
import { realCli } from '../platform/embedded/support.ts';
import { composeText, read, services } from './cluster.ts';

const { temporal, cli, webUi, postgres, postgresSettings, namespace, databases } = serverTable;

test('the embedded server is the release of the table, with its Web UI and dynamic configuration', async () => {
  expect(pinnedVersion).toBe(cli);
  const { stdout } = await promisify(execFile)(await realCli(), ['--version']);
  expect(stdout).toContain(`temporal version ${cli} (Server ${temporal}, UI ${webUi})`);
  const command = startDevCommand({
    cli: 'temporal',
    dataDir: '/data',
    port: 7233,
    uiPort: 'off',
    synchronous: 'normal',
    cacheBytes: 67_108_864,
  });
  const pairs = command
    .filter((_argument, index) => command[index - 1] === '--dynamic-config-value')
    .map((pair) => [pair.split('=')[0], JSON.parse(pair.slice(pair.indexOf('=') + 1)) as unknown]);
  expect(Object.fromEntries(pairs)).toEqual(serverTable.dynamicConfig);
});

test('the images of Compose are the releases of the table', () => {
  const images = Object.fromEntries(Object.entries(services).map(([name, { image }]) => [name, image]));
  expect(images).toMatchObject({
    temporal: `temporalio/server:${temporal}`,
    'temporal-schema': `temporalio/admin-tools:${temporal}`,
    'temporal-namespace': `temporalio/admin-tools:${temporal}`,
    'temporal-ui': `temporalio/ui:${webUi}`,
    postgres: `postgres:${postgres.image}`,
  });
  expect(Number.parseInt(postgres.image)).toBeGreaterThanOrEqual(postgres.oldest);
  expect(Number.parseInt(postgres.image)).toBeLessThanOrEqual(postgres.newest);
});

test('Compose has the settings, the databases and the namespace of the table', () => {
  expect(services['temporal']?.environment).toMatchObject(serverTable.serverEnvironment);
  expect(services['temporal-schema']?.environment['SQL_PLUGIN']).toBe(serverTable.serverEnvironment.DB);
  const settings = Object.entries(postgresSettings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  expect(services['postgres']?.command).toEqual(['postgres', ...settings]);
  expect(composeText).toContain(`for database in ${Object.keys(databases).join(' ')}; do`);
  expect(composeText).toContain(
    `namespace create --namespace ${namespace.name} --retention ${namespace.retentionDays}d`,
  );
});

test('the file of dynamic configuration, of Compose and npm run cluster, is that of the table', () => {
  const path = 'deploy/temporal-dynamic-config.yaml';
  const file = parse(read(path)) as Record<string, { value: unknown }[]>;
  const pairs = Object.entries(file).map(([name, values]) => [name, values[0]?.value]);
  expect(Object.fromEntries(pairs)).toEqual(serverTable.dynamicConfig);
  expect(services['temporal']?.volumes).toContain(
    `./${path}:/etc/temporal/config/dynamicconfig/docker.yaml:ro`,
  );
});

test('npm run cluster starts both with the settings of the table, the shards of its data, and a port for each', async () => {
  const { ports, release } = await claimPorts(2, 3);
  onTestFinished(release);
  const state = { shards: 512, postgresPassword: 'secret', encryptionKey: 'key', ports };
  const environment = serverEnvironment(state);
  const { NUM_HISTORY_SHARDS, ...settings } = serverTable.serverEnvironment;
  expect(environment).toMatchObject(settings);
  expect({ ours: environment['NUM_HISTORY_SHARDS'], default: NUM_HISTORY_SHARDS }).toEqual({
    ours: '512',
    default: '256',
  });
  const port = String(ports['postgres']);
  expect(environment).toMatchObject({ DB_PORT: port, VISIBILITY_DB_PORT: port });
  expect(new Set(Object.values(ports)).size).toBe(Object.keys(ports).length);
  const { command } = postgresPlan({ binDir: '/bin', version: '15.1', major: 15 }, '/data', 1, {});
  for (const [name, value] of Object.entries(postgresSettings)) expect(command).toContain(`${name}=${value}`);
});

test('docs/deployment.md names the releases, the PostgreSQL and the Go of the table', () => {
  const page = read('docs/deployment.md');
  for (const [, image = '', version] of page.matchAll(/temporalio\/([\w-]+):([\w.-]+)/g))
    expect({ image, version }).toEqual({ image, version: image === 'ui' ? webUi : temporal });
  expect(page).toContain(`PostgreSQL ${postgres.oldest} to ${postgres.newest} is looked for on`);
  expect(page).toContain(`if both are exactly version ${temporal}.`);
  expect(page).toContain(`That needs Go ${serverTable.go.oldest}`);
  expect(page).toContain(`\`max_connections\` of ${postgresSettings.max_connections}`);
});
