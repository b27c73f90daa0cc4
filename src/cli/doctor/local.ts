/** What a node needs of this machine: Node, the temporal CLI, the data directory, its key. Nothing is made or changed. */
import { access, constants, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Config } from '../../platform/config.ts';
import { lookUpBinary, pinnedVersion, atLeast, versionOf } from '../../platform/embedded/cli-version.ts';
import { binariesDir } from '../../platform/paths.ts';
import { createSealer, encryptionKeyFile, loadEncryptionKey, type Sealer } from '../../platform/sealing.ts';
import { fail, firstLine, ok, skip, warn, type Check } from './check.ts';

const neededNode = '20.20.0';

export function checkNode(): Check {
  const { node } = process.versions;
  return atLeast(node, neededNode)
    ? ok('node.js', `Node ${node}`)
    : fail('node.js', `Node ${node} is older than ${neededNode}`, 'install a newer Node.js');
}

export async function checkCli(configured: string | undefined, embedded: boolean): Promise<Check> {
  const name = 'temporal CLI';
  if (!embedded) return skip(name, 'not needed: TEMPORAL_ADDRESS names a server');
  const found = await lookUpBinary(configured ?? 'temporal');
  if (found && atLeast(found.version, pinnedVersion)) return ok(name, `${found.version} at ${found.path}`);
  const told = found ? `${found.path} is ${found.version}` : 'there is none that runs';
  if (configured !== undefined)
    return fail(
      name,
      `HOLDFAST_TEMPORAL_CLI=${configured}: ${told}`,
      `set it to ${pinnedVersion} or newer, or unset it`,
    );
  const cached = join(binariesDir, `temporal-${pinnedVersion}`);
  if ((await versionOf(cached)) === pinnedVersion) return ok(name, `${pinnedVersion} at ${cached}`);
  return warn(
    name,
    `on PATH ${told}`,
    `the first start fetches ${pinnedVersion}; without a network install it (https://docs.temporal.io/cli)`,
  );
}

export async function checkDataDir(dataDir: string): Promise<Check> {
  const name = 'data directory';
  const there = await existingOf(dataDir);
  try {
    await access(there, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch {
    return fail(
      name,
      `${there} cannot be written`,
      'fix its permissions, or set HOLDFAST_DATA_DIR to another folder',
    );
  }
  return ok(name, there === dataDir ? dataDir : `${dataDir} will be made`);
}

export async function checkDisk(dataDir: string, minFreeBytes: number): Promise<Check> {
  const { bavail, bsize } = await statfs(await existingOf(dataDir));
  const freeMib = Math.floor((bavail * bsize) / 1_048_576);
  return freeMib * 1_048_576 >= minFreeBytes
    ? ok('disk', `${freeMib} MiB free`)
    : warn(
        'disk',
        `${freeMib} MiB free`,
        'free some space, or lower HOLDFAST_RETENTION_DAYS: a full disk stops every call',
      );
}

/** The sealer too, where the key can be read. */
export async function checkKey(config: Config): Promise<{ check: Check; sealer?: Sealer }> {
  const name = 'encryption key';
  const file = encryptionKeyFile(config.dataDir);
  try {
    if (config.encryptionKey === undefined) {
      const { mode } = await stat(file);
      if ((mode & 0o077) !== 0)
        return { check: warn(name, `${file} can be read by others`, `chmod 600 ${file}`) };
    }
    const sealer = createSealer(await loadEncryptionKey(config.encryptionKey, config.dataDir));
    const from = config.encryptionKey === undefined ? file : 'HOLDFAST_ENCRYPTION_KEY';
    return { check: ok(name, from), sealer };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      return { check: ok(name, `the first start makes ${file}`) };
    return {
      check: fail(name, firstLine(error), 'set HOLDFAST_ENCRYPTION_KEY, or restore the file from a backup'),
    };
  }
}

/** The folder, or the nearest one above it that is there. */
async function existingOf(folder: string): Promise<string> {
  const found = await stat(folder).then(
    () => true,
    () => false,
  );
  return found || dirname(folder) === folder ? folder : existingOf(dirname(folder));
}
