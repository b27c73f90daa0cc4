/** What is kept of sessions that were read, and how much of it. */
import { describe, expect, it } from 'vitest';
import { SessionCache } from '../../src/services/sessions/session-cache.ts';
import type { SessionContent } from '../../src/domain/session.ts';

const kibibyte = 1024;
const mark = { runId: 'run', historyLength: '12' };

function session(sessionId: string, texts: readonly string[]): SessionContent {
  const at = '2026-11-25T08:00:00.000Z';
  const messages = texts.map((content) => ({ timestamp: at, role: 'user' as const, content }));
  return { sessionId, createdAt: at, lastActivity: at, messages, metadata: {} };
}

describe('the cache of sessions', () => {
  it('finds a session only under the run and the history length at which it was read', () => {
    const known = new SessionCache(64 * kibibyte);
    const content = session('a', ['x']);
    known.keep('a', mark, content);

    expect(known.contentAt('a', { ...mark })).toBe(content);
    expect(known.contentAt('a', { ...mark, runId: 'renewed' })).toBeUndefined();
    expect(known.contentAt('a', { ...mark, historyLength: '13' })).toBeUndefined();
    expect(known.contentAt('b', mark)).toBeUndefined();
  });

  it('stays within its size by evicting the least recently read sessions', () => {
    const maxBytes = 64 * kibibyte;
    const known = new SessionCache(maxBytes);
    for (let i = 0; i < 1_000; i++) {
      known.keep(`s${i}`, mark, session(`s${i}`, ['x'.repeat(i)]));
      known.keepPayload(`s${i}`, 'segment', Buffer.alloc(2 * i));
      expect(known.bytes).toBeLessThanOrEqual(maxBytes);
      known.contentAt('s0', mark);
    }
    expect(known.contentAt('s0', mark)).toBeDefined();
    expect(known.contentAt('s1', mark)).toBeUndefined();
    expect(known.contentAt('s999', mark)).toBeDefined();
  });

  it('counts the memory overhead of objects, so that many small sessions stay within its size, too', () => {
    const known = new SessionCache(64 * kibibyte);
    for (let i = 0; i < 1_000; i++) known.keep(`s${i}`, mark, session(`s${i}`, []));
    const left = Array.from({ length: 1_000 }, (_, i) => known.contentAt(`s${i}`, mark)).filter(Boolean);
    expect(left.length).toBeLessThan(64);
  });

  it('gives one session at most a quarter: a larger one is not cached, and its earlier content is dropped', () => {
    const known = new SessionCache(64 * kibibyte);
    known.keep('small', mark, session('small', ['x']));
    known.keep('large', mark, session('large', ['x']));
    known.keep('large', { ...mark, historyLength: '20' }, session('large', ['x'.repeat(17 * kibibyte)]));

    expect(known.contentAt('large', { ...mark, historyLength: '20' })).toBeUndefined();
    expect(known.contentAt('large', mark)).toBeUndefined();
    expect(known.contentAt('small', mark)).toBeDefined();
  });

  it('keeps texts from the payload store while there is room, across later contents, and drops them with the session', () => {
    const known = new SessionCache(64 * kibibyte);
    known.keepPayload('a', 'nobody', Buffer.from('its session is not kept'));
    known.keep('a', mark, session('a', ['x']));
    for (const key of ['one', 'two', 'two', 'three']) known.keepPayload('a', key, Buffer.alloc(6 * kibibyte));
    const kept = () =>
      ['nobody', 'one', 'two', 'three'].filter((key) => known.payload('a', key) !== undefined);
    expect(kept()).toEqual(['one', 'two']);
    const before = known.bytes;

    known.keep('a', { ...mark, historyLength: '20' }, session('a', ['x']));

    expect(kept()).toEqual(['one', 'two']);
    expect(known.bytes).toBe(before);
    known.drop('a');
    expect(kept()).toEqual([]);
    expect(known.bytes).toBe(0);
  });
});
