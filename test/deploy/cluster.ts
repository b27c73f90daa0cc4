/** docker-compose.yml, read as Compose does: merges made, secrets put in. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { packageRoot } from '../../src/platform/paths.ts';

export interface Service {
  readonly image: string;
  readonly build?: string;
  readonly command?: readonly string[];
  readonly restart: string;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly environment: Readonly<Record<string, string>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly stop_grace_period?: string;
  readonly init?: boolean;
}

/** Values that a user could have exported. */
export const secrets: Readonly<Record<string, string>> = {
  POSTGRES_PASSWORD: '0f'.repeat(16),
  HOLDFAST_API_KEYS: 'a1'.repeat(24),
  HOLDFAST_ENCRYPTION_KEY: Buffer.alloc(32, 'k').toString('base64'),
};

export const read = (path: string): string => readFileSync(join(packageRoot, path), 'utf8');

export const composeText = read('docker-compose.yml');

const filledIn = composeText.replaceAll(
  /(?<!\$)\$\{(\w+)[^}]*\}/g,
  (_all, name: string) => secrets[name] ?? '',
);

export const { services, volumes } = parse(filledIn, { merge: true }) as {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
};

/** Of the one image that is built here: the facade and its workers, by their names. */
export const ours = Object.entries(services).filter(([, service]) => service.image.startsWith('holdfast:'));
