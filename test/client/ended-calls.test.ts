/** What is kept of calls that ended, and how much of it. */
import { expect, it } from 'vitest';
import type { CallEnding } from '../../src/client/call-ending.ts';
import { EndedCalls } from '../../src/client/ended-calls.ts';

const lifetimeMs = 60_000;
const answered = (response: string): CallEnding => ({
  status: 'completed',
  response,
  agentName: 'a',
  chain: ['a'],
  queuedMs: 0,
  attempts: [],
});

it('stays within its bytes; an answer larger than all of them is not kept', () => {
  const calls = new EndedCalls({ maxBytes: 64 * 1024, lifetimeMs });
  for (let i = 0; i < 100; i++) calls.keep(`c${i}`, 'f', answered('x'.repeat(1_000)));
  const kept = Array.from({ length: 100 }, (_, i) => calls.find(`c${i}`, 'f')).filter(Boolean);
  expect(kept.length).toBeGreaterThan(15);
  expect(kept.length).toBeLessThan(32);
  expect(calls.find('c99', 'f')).toEqual(answered('x'.repeat(1_000)));

  calls.keep('large', 'f', answered('x'.repeat(40_000)));
  expect(calls.find('large', 'f')).toBeUndefined();
});

it('a cancelled call whose attempts no worker could tell is asked for again', () => {
  const calls = new EndedCalls({ maxBytes: 64 * 1024, lifetimeMs });
  const cancelled: CallEnding = { status: 'cancelled', errorType: 'cancelled', error: 'it was' };
  calls.keep('c', 'f', cancelled);
  expect(calls.find('c', 'f')).toBeUndefined();
  calls.keep('c', 'f', { ...cancelled, attempts: [] });
  expect(calls.find('c', 'f')).toBeDefined();
});

it('an ending that was read before its call was reset or deleted is not kept after', () => {
  const calls = new EndedCalls({ maxBytes: 64 * 1024, lifetimeMs });
  calls.keep('c', 'f', answered('before'));
  calls.evict('c');
  calls.keep('c', 'f', answered('before'));
  expect(calls.find('c', 'f')).toBeUndefined();
});
