/** Secrets at rest and in histories: AES-256-GCM with Node's crypto (I5). */
import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { link, mkdir, open, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { StartupError } from './shutdown.ts';

const keyBytes = 32;
const ivBytes = 12;
const tagBytes = 16;
const version = 'v1';

/** `v1.<key id>.<iv, ciphertext and tag in base64url>`, bound to what it belongs to (`context`). */
export interface Sealer {
  seal(plaintext: string, context: string): string;
  /** Throws an `Error` that says what to do when another key sealed it, or it was tampered with. */
  open(sealed: string, context: string): string;
  /** HMAC-SHA-256 in base64url, under a key derived from the sealing key. */
  fingerprint(text: string): string;
  /** Tells two keys apart and nothing of either: 64 bits of such an HMAC, in hex. */
  readonly keyFingerprint: string;
}

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
          `The token of '${context}' was sealed with another key: set HOLDFAST_ENCRYPTION_KEY to that key, or register the agent again`,
        );
      const body = Buffer.from(encoded, 'base64url');
      try {
        // The tag's length is said: by default a cut one, which is easier to forge, would do.
        const options = { authTagLength: tagBytes };
        const decipher = createDecipheriv('aes-256-gcm', key, body.subarray(0, ivBytes), options)
          .setAAD(Buffer.from(context))
          .setAuthTag(body.subarray(-tagBytes));
        return decipher.update(body.subarray(ivBytes, -tagBytes), undefined, 'utf8') + decipher.final('utf8');
      } catch {
        throw new Error(`The sealed token of '${context}' is damaged: register the agent again`);
      }
    },
    fingerprint: (text) => hmac(text).toString('base64url'),
    keyFingerprint: hmac('holdfast encryption key').toString('hex').slice(0, 16),
  };
}

/** The configured key (32 bytes in base64 or hex), or the data directory's own, generated with mode 0600. */
export async function loadEncryptionKey(configured: string | undefined, dataDir: string): Promise<Buffer> {
  if (configured !== undefined) return parseKey(configured, 'HOLDFAST_ENCRYPTION_KEY');
  const path = encryptionKeyFile(dataDir);
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  await generateKeyFile(path);
  return parseKey(await readFile(path, 'utf8'), path);
}

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

/** Written whole or not at all, and never over an existing one: two nodes may start at once. */
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
