import { afterEach, describe, expect, it, vi } from 'vitest';
import { CallsInFlight } from '../../src/services/calls/calls-in-flight.ts';

afterEach(() => {
  vi.useRealTimers();
});

it('a call that was started while the wall clock was wrong is checked, and dropped, as soon as any other', () => {
  vi.useFakeTimers({ now: Date.UTC(2026, 0, 1), toFake: ['Date', 'performance'] });
  const inFlight = new CallsInFlight();
  vi.setSystemTime(Date.UTC(2026, 0, 1, 1)); // An hour ahead, and set right.
  inFlight.add('call', 'agent', 60_000);
  vi.setSystemTime(Date.UTC(2026, 0, 1));
  vi.advanceTimersByTime(2_001);
  expect(inFlight.dueForCheck(performance.now(), 10)).toEqual(['call']);
  vi.advanceTimersByTime(60_000);
  inFlight.sweep(performance.now());
  expect([inFlight.size, inFlight.ofAgent('agent')]).toEqual([0, 0]);
});

describe('requests for the same call', () => {
  const charged = () => {
    const said: string[] = [];
    return { said, charge: { ended: () => said.push('ended'), giveBack: () => said.push('given back') } };
  };

  it('share a charge, which stays if any of them has started the call', () => {
    for (const others of ['attached', 'refused'] as const) {
      const inFlight = new CallsInFlight();
      const { said, charge } = charged();
      const first = inFlight.enter('c', 'agent', 60_000, charge);
      const second = inFlight.enter('c', 'agent', 60_000);
      first(others);
      expect(inFlight.has('c')).toBe(true);
      second('started');
      inFlight.enter('c', 'agent', 60_000)('refused');
      expect([said, inFlight.size, inFlight.ofAgent('agent')]).toEqual([[], 1, 1]);
      inFlight.done('c');
      expect(said).toEqual(['ended']);
    }
  });

  it('give the charge back if all of them found the call, which counts as load, or were refused', () => {
    const inFlight = new CallsInFlight();
    const found = charged();
    inFlight.enter('found', 'agent', 60_000, found.charge)('attached');
    expect([found.said, inFlight.has('found')]).toEqual([['given back'], true]);
    const refused = charged();
    const say = inFlight.enter('refused', 'agent', 60_000, refused.charge);
    say('refused');
    say('started');
    expect([refused.said, inFlight.has('refused')]).toEqual([['given back'], false]);
  });

  it('do not shorten how long it counts, nor change its agent', () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const inFlight = new CallsInFlight();
    inFlight.enter('c', 'agent', 60_000)('started');
    inFlight.enter('c', 'another', 1_000)('refused');
    vi.advanceTimersByTime(50_000);
    inFlight.sweep(performance.now());
    expect([inFlight.ofAgent('agent'), inFlight.ofAgent('another')]).toEqual([1, 0]);
  });

  it('whose call ended meanwhile leave a later call of the same id alone', () => {
    const inFlight = new CallsInFlight();
    const late = inFlight.enter('c', 'agent', 60_000);
    inFlight.done('c');
    inFlight.enter('c', 'agent', 60_000)('started');
    late('refused');
    expect(inFlight.size).toBe(1);
  });
});

it('every call is checked in turn, however many are due again', () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  const inFlight = new CallsInFlight();
  const charge = { ended: () => undefined, giveBack: () => undefined };
  for (let call = 0; call < 30; call++) inFlight.enter(`c${call}`, 'agent', 600_000, charge)('started');
  const checked = new Set<string>();
  for (let second = 0; second < 12; second++) {
    vi.advanceTimersByTime(1_000);
    for (const id of inFlight.dueForCheck(performance.now(), 4)) checked.add(id);
  }
  expect(checked.size).toBe(30);
});
