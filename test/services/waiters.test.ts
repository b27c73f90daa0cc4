/** Who waits for a call that is to be cancelled once nobody does. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { callFields } from '../../src/domain/call-fields.ts';
import { Waiters } from '../../src/services/calls/waiters.ts';

describe('the clients that wait for one call', () => {
  const graceMs = 250;
  let cancelled: string[] = [];
  let waiters: Waiters;

  beforeEach(() => {
    vi.useFakeTimers();
    cancelled = [];
    waiters = new Waiters(graceMs, async ({ callId }) => {
      cancelled.push(callId);
      await Promise.resolve();
    });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('have it cancelled when the last of them has disconnected, and not before', () => {
    const [leaveFirst, leaveSecond] = [waiters.enter(callFields('call')), waiters.enter(callFields('call'))];
    leaveSecond('gone');
    vi.advanceTimersByTime(10 * graceMs);
    expect(cancelled).toEqual([]);
    leaveFirst('gone');
    vi.advanceTimersByTime(graceMs);
    expect(cancelled).toEqual(['call']);
  });

  it('include one that reconnects, before or after its old connection closes', () => {
    const leaveOld = waiters.enter(callFields('call'));
    leaveOld('gone');
    vi.advanceTimersByTime(graceMs - 1);
    const leaveNew = waiters.enter(callFields('call'));
    vi.advanceTimersByTime(10 * graceMs);
    expect(cancelled).toEqual([]);
    leaveNew('gone');
    vi.advanceTimersByTime(graceMs);
    expect(cancelled).toEqual(['call']);
  });

  it('do not have it cancelled once one of them has an address to look it up', () => {
    const leaveFirst = waiters.enter(callFields('call'));
    waiters.enter(callFields('call'))('answered');
    leaveFirst('gone');
    waiters.enter(callFields('call'))('gone');
    vi.advanceTimersByTime(10 * graceMs);
    expect(cancelled).toEqual([]);
  });

  it('have it cancelled even if another request with its key was refused last', () => {
    const leave = waiters.enter(callFields('call'));
    const leaveRefused = waiters.enter(callFields('call'));
    leave('gone');
    leaveRefused('refused');
    waiters.enter(callFields('other'))('refused');
    vi.advanceTimersByTime(graceMs);
    expect(cancelled).toEqual(['call']);
  });

  it('have it cancelled at once when the node stops, but only if nobody waits for it', async () => {
    waiters.enter(callFields('abandoned'))('gone');
    waiters.enter(callFields('waited for'));
    await waiters.settle();
    expect(cancelled).toEqual(['abandoned']);
    vi.advanceTimersByTime(10 * graceMs);
    expect(cancelled).toEqual(['abandoned']);
  });
});
