/** Canary secrets of a run and how to find them again, however they are spelled (I5). */
import { randomBytes } from 'node:crypto';

export class Secrets {
  private readonly spellings = new Map<string, string>();

  /** A new secret; its name tells where it was used. */
  make(name: string): string {
    const secret = `canary-${randomBytes(12).toString('hex')}`;
    for (const spelling of spellingsOf(secret)) this.spellings.set(spelling, name);
    return secret;
  }

  get count(): number {
    return new Set(this.spellings.values()).size;
  }

  /** Names of the secrets that `text` holds. */
  foundIn(text: string): string[] {
    // Every spelling begins with one of a few stems: most texts are done with after these.
    if (!stems.some((stem) => text.includes(stem))) return [];
    const found = [...this.spellings].filter(([spelling]) => text.includes(spelling));
    return [...new Set(found.map(([, name]) => name))];
  }
}

const prefix = 'canary-';

/** As it is, in hex, and in base64 at each of the three places where it can begin within a longer text. */
function spellingsOf(secret: string): string[] {
  return [secret, Buffer.from(secret).toString('hex'), ...base64Cores(secret)];
}

/** The characters that do not depend on what stands before and after. */
function base64Cores(text: string): string[] {
  return [0, 1, 2].flatMap((offset) => {
    const bytes = Buffer.concat([Buffer.alloc(offset), Buffer.from(text)]);
    const from = offset === 0 ? 0 : offset + 1;
    const whole = Math.floor((bytes.length * 8) / 6);
    return [bytes.toString('base64').slice(from, whole), bytes.toString('base64url').slice(from, whole)];
  });
}

const stems = [prefix, Buffer.from(prefix).toString('hex'), ...base64Cores(prefix)];
