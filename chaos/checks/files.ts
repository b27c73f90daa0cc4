/** I5 in what lies on the disk: the database (of PostgreSQL also the rows as they were read), the logs of all processes. */
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Journal } from '../load/journal.ts';
import type { Secrets } from '../secrets.ts';
import type { Finding } from './evidence.ts';

const pieceBytes = 4 * 1024 * 1024;
/** Longer than any spelling of a secret. */
const overlapBytes = 256;

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

/** I5 as a whole: histories, answers (noticed on their way), files. */
export async function secretsFinding(
  { productFolder, secrets, journal }: { productFolder: string; secrets: Secrets; journal: Journal },
  { withSecrets }: { withSecrets: readonly string[] },
): Promise<Finding> {
  const { files, found } = await secretsInFolder(productFolder, secrets);
  const told = journal.observedViolations.filter(({ row }) => row === 'I5').map(({ text }) => text);
  const what = `none of ${secrets.count} canary secrets in histories, answers, the database or a log`;
  return { row: 'I5', what, checked: files, violations: [...withSecrets, ...told, ...found] };
}
