/** Reads the secrets that agents' tokens refer to. A file is read each time anew, so that a changed one needs no restart. */
import { constants } from 'node:fs';
import { open, realpath } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { parseReference } from '../domain/secret-reference.ts';

const maxBytes = 4_096;
/** As in a registration. */
const printable = /^[\x21-\x7e]+$/;

/** Returns the secret of a reference. Throws an `Error` that names the reference and what to do. */
export type ReadSecret = (reference: string) => Promise<string>;

/** Where a process has its secrets. */
export interface SecretSources {
  /** The environment variables whose names begin with HOLDFAST_SECRET_. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** HOLDFAST_SECRETS_DIR; undefined if there is none. */
  readonly folder: string | undefined;
}

export function createSecrets({ variables, folder }: SecretSources): ReadSecret {
  return async (reference) => {
    const parsed = parseReference(reference);
    if (!parsed)
      throw new Error(`The token's reference '${reference}' is not valid: register the agent again`);
    const { kind, name } = parsed;
    const secret = kind === 'env' ? variables[name] : await readSecretFile(folder, name, reference);
    if (secret === undefined || secret === '')
      throw new Error(
        `The token is '${reference}', and this process has no such ${kind === 'env' ? 'environment variable' : 'file in HOLDFAST_SECRETS_DIR'}, or an empty one: give it to every process that asks agents`,
      );
    if (!printable.test(secret))
      throw new Error(
        `The token is '${reference}', and what this process has for it is no token: it takes printable ASCII without spaces`,
      );
    return secret;
  };
}

/** Reads a file without the line breaks at its end. Undefined if there is none. */
async function readSecretFile(
  folder: string | undefined,
  name: string,
  reference: string,
): Promise<string | undefined> {
  if (folder === undefined)
    throw new Error(`The token is '${reference}', and this process has no HOLDFAST_SECRETS_DIR: set it`);
  try {
    const inside = await realpath(folder);
    // Links within the folder are usual where an orchestrator renews it.
    const path = await realpath(join(inside, name));
    if (!(dirname(path) + sep).startsWith(inside + sep))
      throw new Error(
        `The token is '${reference}', a link out of HOLDFAST_SECRETS_DIR: put the file into it`,
      );
    // Without O_NONBLOCK, a FIFO would hold one of the few threads that also resolve host names.
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const found = await file.stat();
      if (!found.isFile()) throw new Error(`The token is '${reference}', which is no regular file`);
      if (found.size > maxBytes)
        throw new Error(
          `The token is '${reference}', a file of more than ${maxBytes} bytes: a token is shorter`,
        );
      return (await file.readFile('utf8')).replace(/[\r\n]+$/, '');
    } finally {
      await file.close();
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    if (code === 'ENOENT') return undefined;
    throw new Error(`The token is '${reference}', a file that this process cannot read (${code})`, {
      cause: error,
    });
  }
}
