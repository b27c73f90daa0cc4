/** A call that is not started leaves nothing taken: the slot to probe a half-open agent is free for the next one. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { AgentConfig } from '../../src/domain/agent.ts';
import { Refusal } from '../../src/domain/failures.ts';
import { Semaphore } from '../../src/lib/semaphore.ts';
import { CallsInFlight } from '../../src/services/calls/calls-in-flight.ts';
import { Health } from '../../src/services/agents/health.ts';
import {
  submitCall,
  type CallRequest,
  type SubmitDependencies,
} from '../../src/services/calls/submit-call.ts';
import type { Temporal } from '../../src/services/temporal/rpc.ts';
import type { PayloadStore } from '../../src/payloads/payload-store.ts';
import { TextStore } from '../../src/payloads/text-store.ts';

const cooldownMs = 30_000;
const agent = (name: string, fallbackAgents: string[]): AgentConfig => ({
  name,
  host: '127.0.0.1',
  port: 1,
  protocol: 'http',
  timeoutMs: 30_000,
  maxRetries: 0,
  fallbackAgents,
  path: '/v1/messages',
  history: 'window',
});
const agents = [agent('half-open', ['backup']), agent('backup', [])];
const found = (name: string) => agents.find((one) => one.name === name);
const request: CallRequest = {
  callId: 'c',
  fingerprint: 'f',
  agentName: 'half-open',
  prompt: 'x',
  sessionId: 's',
  deadlineMs: 60_000,
};

describe('the slot to probe a half-open agent', () => {
  let nowMs = 1_000_000;
  let health: Health;
  beforeEach(() => {
    health = new Health({} as Temporal, { enabled: true, cooldownMs }, () => nowMs);
    health.record({ callId: 'failed', agent: 'half-open', at: nowMs, errorType: 'connection', latencyMs: 1 });
    nowMs += cooldownMs;
    expect(health.circuit('half-open').state).toBe('half_open');
  });

  /** Whom the next call would ask first: the half-open agent, unless another call has its slot. */
  const first = () => health.view(agents).agents[0]?.name;

  const submit = (
    start: () => Promise<unknown>,
    { turn = 'granted', attach = noCall }: { turn?: string; attach?: () => Promise<unknown> } = {},
  ) =>
    submitCall(
      {
        agents: {
          find: (_project: string, name: string) => Promise.resolve(found(name)),
          lookup: (_project: string, name: string) => found(name),
          pauseOf: () => undefined,
          isOfOther: () => false,
        },
        health,
        sessions: {
          openTurn: () => Promise.resolve(turn === 'committed' ? turn : { turn: { state: turn } }),
          releaseTurn: () => Promise.resolve(),
          follow: () => undefined,
        },
        calls: { isKnown: () => false, attach, start },
        inFlight: new CallsInFlight(),
        starts: new Semaphore({ current: 10 }),
        limits: {
          maxChain: 10,
          maxCallsInFlight: 10,
          startPatienceMs: 1_000,
          firstTaskWaitMs: 0,
          heartbeatTimeoutMs: 5_000,
        },
        texts: new TextStore({} as PayloadStore, 1_000),
      } as unknown as SubmitDependencies,
      request,
    );
  const noCall = () => Promise.reject(new Refusal('call_not_found', 'There is none'));
  const attached = (sameRequest: boolean) => () =>
    Promise.resolve({ state: 'attached', sameRequest, status: 'running', sessionId: 's' });

  it('is taken by a call that was started', async () => {
    expect(first()).toBe('half-open');
    await submit(() => Promise.resolve({ state: 'started' }));
    expect(first()).toBe('backup');
  });

  it.each([
    ['its start is refused', () => Promise.reject(new Refusal('temporal_unavailable', 'Away')), {}],
    ["its key is another request's", attached(false), {}],
    ['its session has had its turn, and the call of that time is gone', noCall, { turn: 'committed' }],
  ])('is free again where a call is refused because %s', async (_why, start, more) => {
    await expect(submit(start, more)).rejects.toThrow(Refusal);
    expect(first()).toBe('half-open');
  });

  it('is free again if the call turns out to exist', async () => {
    expect(await submit(attached(true))).toMatchObject({ status: 'running', attached: true });
    expect(first()).toBe('half-open');
  });

  it('stays with the call that holds it when its request is repeated', async () => {
    await submit(() => Promise.resolve({ state: 'started' }));
    await submit(attached(true));
    expect(first()).toBe('backup');
  });
});
