/** Encrypts (seals) secrets for the database and for histories, with AES-256-GCM of Node's crypto (I5). */
import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { link, mkdir, open, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { StartupError } from './startup-error.ts';

const keyBytes = 32;
const ivBytes = 12;
const tagBytes = 16;
const version = 'v1';

/**
 * Seals (encrypts) and opens secrets. A sealed text is `v1.<key id>.<iv, ciphertext and tag in base64url>`. It can be opened
 * only with the same `context`, which names the thing that the secret belongs to.
 */
export interface Sealer {
  seal(plaintext: string, context: string): string;
  /** Decrypts a sealed text. Throws an `Error` that says what to do if the text was sealed with another key or was changed. */
  open(sealed: string, context: string): string;
  /** Returns the HMAC-SHA-256 of a text in base64url, with a key that is derived from the sealing key. */
  fingerprint(text: string): string;
  /** Identifies the key without revealing it: 64 bits of an HMAC with it, in hex. */
  readonly keyFingerprint: string;
}

/** Creates a sealer. Throws if `key` does not have 32 bytes. */
export function createSealer(key: Buffer): Sealer {
  if (key.length !== keyBytes) throw new Error(`The encryption key must have ${keyBytes} bytes`);
  const keyId = createHash('sha256').update(key).digest('hex').slice(0, 8);
  const fingerprintKey = Buffer.from(hkdfSync('sha256', key, '', 'holdfast fingerprint', keyBytes));
  const hmac = (text: string): Buffer => createHmac('sha256', fingerprintKey).update(text).digest();
  return {
    seal(plaintext, context) {
      const iv = randomBytes(ivBytes);
      const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(context));
      const body = Buffer.concat([iv, cipher.update(plaintext, 'utf8'), cipher.final(), cipher.getAuthTag()]);
      return [version, keyId, body.toString('base64url')].join('.');
    },
    open(sealed, context) {
      const [itsVersion, itsKeyId, encoded = ''] = sealed.split('.');
      if (itsVersion !== version || itsKeyId !== keyId)
        throw new Error(
          `The secret of '${context}' was sealed with another key: set HOLDFAST_ENCRYPTION_KEY to that key, or give Holdfast the secret again (register the agent, or change the webhook's URL and rotate its secret)`,
        );
      const body = Buffer.from(encoded, 'base64url');
      try {
        // Require the full tag: by default a shortened one, which is easier to forge, would be accepted.
        const options = { authTagLength: tagBytes };
        const decipher = createDecipheriv('aes-256-gcm', key, body.subarray(0, ivBytes), options)
          .setAAD(Buffer.from(context))
          .setAuthTag(body.subarray(-tagBytes));
        return decipher.update(body.subarray(ivBytes, -tagBytes), undefined, 'utf8') + decipher.final('utf8');
      } catch {
        throw new Error(`The sealed secret of '${context}' is damaged: give Holdfast the secret again`);
      }
    },
    fingerprint: (text) => hmac(text).toString('base64url'),
    keyFingerprint: hmac('holdfast encryption key').toString('hex').slice(0, 16),
  };
}

/**
 * Returns the configured key (32 bytes in base64 or hex), or the key of the data directory, which is generated on first use
 * with mode 0600. Throws `StartupError` if the key is malformed.
 */
export async function loadEncryptionKey(configured: string | undefined, dataDir: string): Promise<Buffer> {
  if (configured !== undefined) return parseKey(configured, 'HOLDFAST_ENCRYPTION_KEY');
  const path = encryptionKeyFile(dataDir);
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  await generateKeyFile(path);
  return parseKey(await readFile(path, 'utf8'), path);
}

/** Returns the path of the generated key. */
export function encryptionKeyFile(dataDir: string): string {
  return join(dataDir, 'encryption.key');
}

export const keyTakes = `${keyBytes} bytes in base64 or hex; make one with: openssl rand -base64 ${keyBytes}`;

export function isEncryptionKey(text: string): boolean {
  return decodeKey(text).length === keyBytes;
}

function parseKey(text: string, source: string): Buffer {
  if (!isEncryptionKey(text)) throw new StartupError(`${source} must be ${keyTakes}`);
  return decodeKey(text);
}

function decodeKey(text: string): Buffer {
  const trimmed = text.trim();
  return /^[0-9a-f]{64}$/i.test(trimmed) ? Buffer.from(trimmed, 'hex') : Buffer.from(trimmed, 'base64');
}

/** Writes the file atomically and never overwrites it, because two nodes may start at the same time. */
async function generateKeyFile(path: string): Promise<void> {
  const temporary = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  const file = await open(temporary, 'wx', 0o600);
  try {
    await file.writeFile(`${randomBytes(keyBytes).toString('base64')}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    await link(temporary, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await unlink(temporary);
  }
}
