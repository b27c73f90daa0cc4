/** Real servers in folders of their own. Servers and files that a test leaves are removed after it. */
import { spawnSync } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino, type Logger } from 'pino';
import { onTestFinished } from 'vitest';
import { findTemporalCli } from '../../../src/platform/embedded/find-cli.ts';
import {
  startEmbeddedServer,
  type EmbeddedServer,
  type EmbeddedServerOptions,
} from '../../../src/platform/embedded/server.ts';
import { binariesDir } from '../../../src/platform/paths.ts';

export const realCli = (): Promise<string> => findTemporalCli({ configured: undefined, binariesDir });

/** Its name contains a space, as users' folders may. */
export async function tempDir(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast embedded-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export async function start(
  options: Partial<EmbeddedServerOptions> = {},
  log: Logger = pino({ level: 'silent' }),
): Promise<EmbeddedServer> {
  const server = await startEmbeddedServer(
    {
      cli: options.cli ?? (await realCli()),
      dataDir: options.dataDir ?? (await tempDir()),
      port: 0,
      uiPort: 'off',
      synchronous: 'normal',
      cacheBytes: 67_108_864,
      ...options,
    },
    log,
  );
  onTestFinished(() => server.stop());
  return server;
}

export const portOf = ({ address }: { readonly address: string }): number =>
  Number(address.split(':').at(-1));

/** A script that prints this version for --version and otherwise runs `rest`. */
export async function scriptedCli(path: string, version: string, rest = 'exit 1'): Promise<string> {
  const says = `echo "temporal version ${version} (Server 1.32.0, UI 2.54.1)"`;
  return program(path, `if [ "$1" = --version ]; then ${says}; exit 0; fi\n${rest}`);
}

export async function program(path: string, script: string): Promise<string> {
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
  return path;
}

/** Whether a process lives. A zombie does not. */
export function isAlive(pid: number): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
  return stdout.trim() !== '' && !stdout.trim().startsWith('Z');
}
