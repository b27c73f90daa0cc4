import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { serverTable } from '../server-table.ts';

/** The release of the temporal CLI whose server and database schema Holdfast is tested with. */
export const pinnedVersion: string = serverTable.cli;

/** A temporal CLI that runs here. */
export interface FoundBinary {
  /** Absolute path. */
  readonly path: string;
  /** E.g. "1.9.1". */
  readonly version: string;
}

/**
 * Finds `name`, which is a path or a command in PATH, as a shell does. Undefined if it is missing or not a working temporal
 * CLI.
 */
export async function lookUpBinary(name: string): Promise<FoundBinary | undefined> {
  const found = await outputOf('/bin/sh', ['-c', 'command -v "$1"', 'sh', name]);
  if (found === undefined) return undefined;
  const path = resolve(found.trim());
  const version = await versionOf(path);
  return version === undefined ? undefined : { path, version };
}

/**
 * Returns the version that `temporal --version` prints, e.g. "1.9.1". Undefined if the binary is not a working temporal CLI.
 */
export async function versionOf(binary: string): Promise<string | undefined> {
  return /temporal version (\d+\.\d+\.\d+)/.exec((await outputOf(binary, ['--version'])) ?? '')?.[1];
}

/** Whether `version` is `than` or newer. Both have the form "1.9.1". */
export function atLeast(version: string, than: string): boolean {
  const [a, b] = [version, than].map((text) => text.split('.').map(Number));
  for (let i = 0; i < 3; i++) {
    const difference = (a?.[i] ?? 0) - (b?.[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

async function outputOf(command: string, args: readonly string[]): Promise<string | undefined> {
  try {
    return (await promisify(execFile)(command, args, { timeout: 15_000 })).stdout;
  } catch {
    return undefined;
  }
}
