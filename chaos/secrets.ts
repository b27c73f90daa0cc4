/** The canary secrets of a run, and a search for them in every encoding (I5). */
import { randomBytes } from 'node:crypto';

export class Secrets {
  private readonly spellings = new Map<string, string>();

  /** Makes a new secret. Findings report it by `name`, which says where it is used. */
  make(name: string): string {
    const secret = `canary-${randomBytes(12).toString('hex')}`;
    for (const spelling of spellingsOf(secret)) this.spellings.set(spelling, name);
    return secret;
  }

  get count(): number {
    return new Set(this.spellings.values()).size;
  }

  /** Returns the names of the secrets that `text` contains, in any encoding. */
  foundIn(text: string): string[] {
    // Every spelling begins with one of a few stems, so most texts need no other search.
    if (!stems.some((stem) => text.includes(stem))) return [];
    const found = [...this.spellings].filter(([spelling]) => text.includes(spelling));
    return [...new Set(found.map(([, name]) => name))];
  }
}

const prefix = 'canary-';

/**
 * Returns the spellings of a secret: as it is, in hex, and in base64 at each of the three offsets at which it can begin in a
 * longer text.
 */
function spellingsOf(secret: string): string[] {
  return [secret, Buffer.from(secret).toString('hex'), ...base64Cores(secret)];
}

/** Returns, for each of the three offsets, the base64 characters that do not depend on the text before and after the secret. */
function base64Cores(text: string): string[] {
  return [0, 1, 2].flatMap((offset) => {
    const bytes = Buffer.concat([Buffer.alloc(offset), Buffer.from(text)]);
    const from = offset === 0 ? 0 : offset + 1;
    const whole = Math.floor((bytes.length * 8) / 6);
    return [bytes.toString('base64').slice(from, whole), bytes.toString('base64url').slice(from, whole)];
  });
}

const stems = [prefix, Buffer.from(prefix).toString('hex'), ...base64Cores(prefix)];
