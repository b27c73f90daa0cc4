import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { serverTable } from '../server-table.ts';

/** The release whose server and database schema Holdfast is tested with. */
export const pinnedVersion: string = serverTable.cli;

export interface FoundBinary {
  /** Absolute. */
  readonly path: string;
  /** E.g. "1.9.1". */
  readonly version: string;
}

/** `name` as a shell finds it, a path or by PATH; undefined if there is none or it is no temporal CLI that runs. */
export async function lookUpBinary(name: string): Promise<FoundBinary | undefined> {
  const found = await outputOf('/bin/sh', ['-c', 'command -v "$1"', 'sh', name]);
  if (found === undefined) return undefined;
  const path = resolve(found.trim());
  const version = await versionOf(path);
  return version === undefined ? undefined : { path, version };
}

/** `temporal --version` of a binary, e.g. "1.9.1"; undefined if it does not run or is something else. */
export async function versionOf(binary: string): Promise<string | undefined> {
  return /temporal version (\d+\.\d+\.\d+)/.exec((await outputOf(binary, ['--version'])) ?? '')?.[1];
}

/** Whether `version` is `than` or newer; both like "1.9.1". */
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
