/** How the Temporal server is configured: by the environment, or by a profile of the Temporal config file. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { StartupError } from '../../src/platform/startup-error.ts';
import { configuredTarget, connect } from '../../src/platform/temporal-connection.ts';
import { closedPort } from '../agents/support.ts';
import { tempDir } from './embedded/support.ts';

/** Sets the environment of a machine with this Temporal config file and these variables. */
async function machine(config: string | undefined, environment: Record<string, string> = {}): Promise<void> {
  const path = join(await tempDir(), 'temporal.toml');
  if (config !== undefined) await writeFile(path, config);
  for (const name of Object.keys(process.env)) if (name.startsWith('TEMPORAL_')) vi.stubEnv(name, undefined);
  for (const [name, value] of Object.entries({ TEMPORAL_CONFIG_FILE: path, ...environment }))
    vi.stubEnv(name, value);
  onTestFinished(() => void vi.unstubAllEnvs());
}

const profile = '[profile.default]\naddress = "cluster.example:7233"\nnamespace = "agents"\n';

test('without a configured server the embedded one is used', async () => {
  await machine(undefined);
  expect(configuredTarget()).toBeUndefined();
});

test('TEMPORAL_ADDRESS names a server, in the namespace default unless TEMPORAL_NAMESPACE names another', async () => {
  await machine(undefined, { TEMPORAL_ADDRESS: 'one.example:7233' });
  expect(configuredTarget()).toMatchObject({
    options: { address: 'one.example:7233' },
    namespace: 'default',
  });
  vi.stubEnv('TEMPORAL_NAMESPACE', 'calls');
  expect(configuredTarget()).toMatchObject({ namespace: 'calls' });
});

test('a profile of the config file names a server, and the environment takes precedence', async () => {
  await machine(profile);
  expect(configuredTarget()).toMatchObject({
    options: { address: 'cluster.example:7233' },
    namespace: 'agents',
  });
  vi.stubEnv('TEMPORAL_ADDRESS', 'one.example:7233');
  expect(configuredTarget()).toMatchObject({ options: { address: 'one.example:7233' }, namespace: 'agents' });
});

test('a missing profile and an invalid config file are reported with a clear message', async () => {
  await machine(profile, { TEMPORAL_PROFILE: 'production' });
  expect(() => configuredTarget()).toThrow(StartupError);
  expect(() => configuredTarget()).toThrow(/Temporal config file cannot be used: .*'production' not found/);
  await machine('[profile');
  expect(() => configuredTarget()).toThrow(StartupError);
});

test('an API key makes the connection use TLS', async () => {
  await machine(undefined, {
    TEMPORAL_ADDRESS: 'cloud.example:7233',
    TEMPORAL_API_KEY: 'a-key-of-the-cloud',
  });
  expect(configuredTarget()?.options).toMatchObject({
    apiKey: 'a-key-of-the-cloud',
    tls: expect.anything() as unknown,
  });
});

test('the error for a server that does not answer has its address and the setting', async () => {
  const address = `127.0.0.1:${await closedPort()}`;
  const error: unknown = await connect({ options: { address }, namespace: 'default' }).catch(
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(StartupError);
  expect((error as StartupError).message).toBe(
    `Temporal at ${address} does not answer: check TEMPORAL_ADDRESS and, where the server wants TLS or a client certificate, the TEMPORAL_TLS_* variables or the profile; or unset it to use the embedded server`,
  );
});
