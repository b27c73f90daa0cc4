/**
 * Checks I5 on disk: searches the database files, the rows copied from PostgreSQL and the logs of all processes for secrets.
 */
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Journal } from '../load/journal.ts';
import type { Secrets } from '../secrets.ts';
import type { Finding } from './evidence.ts';

/** Files are read in pieces of this size. */
const pieceBytes = 4 * 1024 * 1024;
/** Neighbouring pieces overlap by more than the longest spelling of a secret, so none is missed at a boundary. */
const overlapBytes = 256;

/**
 * Searches every file below `folder` for secrets. Returns the number of files, and one line for each secret found in a file.
 */
export async function secretsInFolder(
  folder: string,
  secrets: Secrets,
): Promise<{ files: number; found: string[] }> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const found: string[] = [];
  for (const file of files)
    for (const name of await secretsInFile(file, secrets)) found.push(`${file} holds ${name}`);
  return { files: files.length, found };
}

async function secretsInFile(path: string, secrets: Secrets): Promise<Set<string>> {
  const found = new Set<string>();
  const file = await open(path);
  try {
    const buffer = Buffer.alloc(pieceBytes);
    for (let position = 0; ; position += pieceBytes - overlapBytes) {
      const { bytesRead } = await file.read(buffer, 0, pieceBytes, position);
      for (const name of secrets.foundIn(buffer.toString('latin1', 0, bytesRead))) found.add(name);
      if (bytesRead < pieceBytes) return found;
    }
  } finally {
    await file.close();
  }
}

/** Makes the row of I5: secrets in histories (`withSecrets`), in answers (recorded in the journal) and in files. */
export async function secretsFinding(
  { productFolder, secrets, journal }: { productFolder: string; secrets: Secrets; journal: Journal },
  { withSecrets }: { withSecrets: readonly string[] },
): Promise<Finding> {
  const { files, found } = await secretsInFolder(productFolder, secrets);
  const inAnswers = journal.observedViolations.filter(({ row }) => row === 'I5').map(({ text }) => text);
  const what = `none of ${secrets.count} canary secrets in histories, answers, the database or a log`;
  return { row: 'I5', what, checked: files, violations: [...withSecrets, ...inAnswers, ...found] };
}
