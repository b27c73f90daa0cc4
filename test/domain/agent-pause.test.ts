import { describe, expect, it } from 'vitest';
import {
  isInForce,
  pausedText,
  refusingPause,
  type AgentPause,
  type NewCalls,
} from '../../src/domain/agent-pause.ts';

const pauseOf = (newCalls: NewCalls): AgentPause => ({ since: 1_000, newCalls });

/** Whether a call is refused whose chain has agents with these pauses; null is an agent in rotation. */
const refused = (...chain: (NewCalls | null)[]): boolean =>
  refusingPause(
    chain.map((_, index) => ({ name: String(index) })),
    (name) => {
      const mode = chain[Number(name)];
      return mode ? pauseOf(mode) : undefined;
    },
  ) !== undefined;

describe('a pause', () => {
  it('is in force until its end, and without an end for good', () => {
    expect([1_999, 2_000].map((now) => isInForce({ ...pauseOf('wait'), until: 2_000 }, now))).toEqual([
      true,
      false,
    ]);
    expect(isInForce(pauseOf('wait'), Number.MAX_SAFE_INTEGER)).toBe(true);
  });

  it('says for whom it holds, until when and why', () => {
    expect(pausedText('a', pauseOf('wait'))).toBe("Agent 'a' is paused");
    expect(pausedText('a', { ...pauseOf('wait'), until: 0, reason: 'rollout' })).toBe(
      "Agent 'a' is paused until 1970-01-01T00:00:00.000Z: rollout",
    );
  });
});

describe('a call', () => {
  it('is refused if the agent that it names refuses calls, whoever else could answer', () => {
    expect(refused('refuse', null, 'wait')).toBe(true);
  });

  it('is refused if all its agents are passed over', () => {
    expect(refused('fall_back')).toBe(true);
    expect(refused('fall_back', 'refuse', 'fall_back')).toBe(true);
  });

  it('is accepted if an agent can be asked or waited for', () => {
    expect(refused(null)).toBe(false);
    expect(refused('wait')).toBe(false);
    expect(refused('fall_back', null)).toBe(false);
    expect(refused('fall_back', 'refuse', 'wait')).toBe(false);
    expect(refused(null, 'refuse')).toBe(false);
    expect(refused()).toBe(false);
  });
});
