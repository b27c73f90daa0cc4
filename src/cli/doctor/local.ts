/**
 * Checks what a node needs on this machine: Node.js, the temporal CLI, folders, disk space, the payload store, the key. The
 * checks create and change nothing, except one object in a payload bucket.
 */
import { access, constants, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Config } from '../../platform/config.ts';
import { lookUpBinary, pinnedVersion, atLeast, versionOf } from '../../platform/embedded/cli-version.ts';
import { binariesDir } from '../../platform/paths.ts';
import { inspectStore } from '../../platform/store-watch.ts';
import { createSealer, encryptionKeyFile, loadEncryptionKey, type Sealer } from '../../platform/sealing.ts';
import { fail, firstLine, ok, skip, warn, type Check } from './check.ts';

/** The oldest version that package.json allows (`engines`). */
const neededNode = '20.20.0';

/** Checks the version of Node.js. */
export function checkNode(): Check {
  const { node } = process.versions;
  return atLeast(node, neededNode)
    ? ok('node.js', `Node ${node}`)
    : fail('node.js', `Node ${node} is older than ${neededNode}`, 'install a newer Node.js');
}

/** Checks the temporal CLI, which the embedded server needs. `configured` is HOLDFAST_TEMPORAL_CLI. */
export async function checkCli(configured: string | undefined, embedded: boolean): Promise<Check> {
  const name = 'temporal CLI';
  if (!embedded) return skip(name, 'not needed, because TEMPORAL_ADDRESS is set');
  const found = await lookUpBinary(configured ?? 'temporal');
  if (found && atLeast(found.version, pinnedVersion)) return ok(name, `${found.version} at ${found.path}`);
  const problem = found ? `${found.path} has version ${found.version}` : 'no working CLI was found';
  if (configured !== undefined)
    return fail(
      name,
      `HOLDFAST_TEMPORAL_CLI=${configured}: ${problem}`,
      `set it to a CLI of version ${pinnedVersion} or newer, or unset it`,
    );
  const cached = join(binariesDir, `temporal-${pinnedVersion}`);
  if ((await versionOf(cached)) === pinnedVersion) return ok(name, `${pinnedVersion} at ${cached}`);
  return warn(
    name,
    `on PATH: ${problem}`,
    `the first start downloads ${pinnedVersion}; without a network, install it (https://docs.temporal.io/cli)`,
  );
}

const otherFolder = 'fix its permissions, or set HOLDFAST_DATA_DIR to another folder';

/** Checks that the data directory can be written or created. */
export async function checkDataDir(dataDir: string): Promise<Check> {
  const name = 'data directory';
  const there = await nearestExisting(dataDir);
  try {
    if (!(await stat(there)).isDirectory()) return fail(name, `${there} is not a folder`, otherFolder);
    await access(there, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch {
    return fail(name, `no write access to ${there}`, otherFolder);
  }
  return ok(name, there === dataDir ? dataDir : `${dataDir} will be created`);
}

/** Checks the free space on the disk of the data directory. */
export async function checkDisk(
  dataDir: string,
  { minFreeBytes, reserveBytes }: Pick<Config['temporal'], 'minFreeBytes' | 'reserveBytes'>,
): Promise<Check> {
  const { bavail, bsize } = await statfs(await nearestExisting(dataDir));
  const freeMib = Math.floor((bavail * bsize) / 1_048_576);
  if (bavail * bsize < reserveBytes)
    return fail(
      'disk',
      `${freeMib} MiB free: the node refuses new calls`,
      'free some space, or lower HOLDFAST_DISK_RESERVE_MIB',
    );
  return freeMib * 1_048_576 >= minFreeBytes
    ? ok('disk', `${freeMib} MiB free`)
    : warn(
        'disk',
        `${freeMib} MiB free`,
        'free some space, or lower HOLDFAST_RETENTION_DAYS: a full disk stops every call',
      );
}

/**
 * Checks the payload store. A folder is only inspected; in a bucket a small object named `check` is written, which stays there.
 */
export async function checkPayloadStore({ payloads }: Config): Promise<Check> {
  const name = 'payload store';
  const { store } = payloads;
  const fix = 'set HOLDFAST_PAYLOAD_STORE to a writable folder, or to a bucket with its AWS_ variables';
  if (store.kind === 's3') {
    const problem = await inspectStore(store);
    return problem === undefined
      ? ok(name, `the bucket ${store.bucket} is writable`)
      : fail(name, problem, fix);
  }
  const there = await nearestExisting(store.path);
  const usable = await access(there, constants.W_OK | constants.X_OK).then(
    async () => (await stat(there)).isDirectory(),
    () => false,
  );
  if (!usable) return fail(name, `${there} is not a writable folder`, fix);
  const { bavail, bsize } = await statfs(there);
  if (bavail * bsize < payloads.reserveBytes)
    return fail(
      name,
      `its disk has ${Math.floor((bavail * bsize) / 1_048_576)} MiB free: large prompts are refused`,
      'free some space, or lower HOLDFAST_PAYLOAD_RESERVE_MIB',
    );
  return ok(name, there === store.path ? store.path : `${store.path} will be created`);
}

/** Checks the encryption key. If the key can be read, also returns a sealer that uses it. */
export async function checkKey(config: Config): Promise<{ check: Check; sealer?: Sealer }> {
  const name = 'encryption key';
  const file = encryptionKeyFile(config.dataDir);
  try {
    if (config.encryptionKey === undefined) {
      const { mode } = await stat(file);
      if ((mode & 0o077) !== 0)
        return { check: warn(name, `other users can read ${file}`, `chmod 600 ${file}`) };
    }
    const sealer = createSealer(await loadEncryptionKey(config.encryptionKey, config.dataDir));
    const from = config.encryptionKey === undefined ? file : 'HOLDFAST_ENCRYPTION_KEY';
    return { check: ok(name, from), sealer };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      return { check: ok(name, `the first start creates ${file}`) };
    return {
      check: fail(name, firstLine(error), 'set HOLDFAST_ENCRYPTION_KEY, or restore the file from a backup'),
    };
  }
}

/** Returns the folder, or its nearest parent that exists. */
async function nearestExisting(folder: string): Promise<string> {
  const found = await stat(folder).then(
    () => true,
    () => false,
  );
  return found || dirname(folder) === folder ? folder : nearestExisting(dirname(folder));
}
