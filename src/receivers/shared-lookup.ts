import { lookup, type LookupAddress, type LookupAllOptions } from 'node:dns';
import { LRUCache } from 'lru-cache';
import type { ResolveAll } from '../agents/http/guarded-lookup.ts';
import { Semaphore } from '../lib/semaphore.ts';

interface Asked {
  /** The last who asked gives up then, by `performance.now()`. */
  wantedUntil: number;
  readonly answer: Promise<LookupAddress[]>;
}

type Known = 'resolves' | { readonly error: Error; readonly until: number };

/** How long a failure is remembered, in ms: this long, and three times as long as the lookup took. */
const rememberedMs = 5_000;

/**
 * Returns a `resolve` for receivers, whose names anybody may choose. `dns.lookup` holds one of two threads for as long as a name
 * server is silent, and agents' names and files need these too. So each name is looked up once at a time, a failure is
 * remembered for seconds, and two lookups are under way at most: one of a name that resolved last time, one of any other.
 */
export function createSharedLookup(resolve: ResolveAll = lookup, timeoutMs: number): ResolveAll {
  const known = new LRUCache<string, Known>({ max: 1_000 });
  const asked = new Map<string, Asked>();
  const lanes = { resolves: new Semaphore({ current: 1 }), other: new Semaphore({ current: 1 }) };

  async function look(name: string, options: LookupAllOptions): Promise<LookupAddress[]> {
    const begin = performance.now();
    // Nobody waits any more: it is not begun, and says nothing of the name.
    if (begin > (asked.get(name)?.wantedUntil ?? 0)) throw noTurn(name);
    try {
      const addresses = await resolving(resolve, name, options);
      known.set(name, 'resolves');
      return addresses;
    } catch (error) {
      const now = performance.now();
      known.set(name, { error: error as Error, until: now + rememberedMs + 3 * (now - begin) });
      throw error;
    }
  }

  function ask(name: string, options: LookupAllOptions): Promise<LookupAddress[]> {
    const now = performance.now();
    const before = known.get(name);
    if (typeof before === 'object' && now < before.until) return Promise.reject(before.error);
    const wantedUntil = now + timeoutMs;
    const same = asked.get(name);
    if (same) {
      same.wantedUntil = wantedUntil;
      return same.answer;
    }
    const lane = before === 'resolves' ? lanes.resolves : lanes.other;
    const answer = lane.run(() => look(name, options)).finally(() => asked.delete(name));
    asked.set(name, { wantedUntil, answer });
    return answer;
  }

  return (name, options, callback) => {
    ask(name, options).then(
      (addresses) => callback(null, addresses),
      (error: unknown) => callback(error as Error, []),
    );
  };
}

function resolving(resolve: ResolveAll, name: string, options: LookupAllOptions): Promise<LookupAddress[]> {
  return new Promise((done, failed) => {
    resolve(name, options, (error, addresses) => {
      if (error) failed(error);
      else done(addresses);
    });
  });
}

const noTurn = (name: string): Error =>
  Object.assign(new Error(`${name} was not looked up in time`), { code: 'EAI_AGAIN' });
