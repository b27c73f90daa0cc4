/** One request per call and agent, whatever happens to the activities that wait for it. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { AgentRequests, GivenUp } from '../../src/activities/agent-requests.ts';

const call = { callId: 'c', runId: 'r', agent: 'a' };

/** An agent that answers or fails when the test says so, and records its requests. */
function scriptedAgent() {
  const asked: {
    controller: AbortController;
    answer: (text: string) => void;
    fail: (error: Error) => void;
  }[] = [];
  const begin = (controller: AbortController): Promise<string> =>
    new Promise((resolve, reject) => {
      controller.signal.addEventListener('abort', () => reject(controller.signal.reason as Error));
      asked.push({ controller, answer: resolve, fail: reject });
    });
  return { asked, begin };
}

it('an activity that is scheduled again joins the open request, and both get its answer', async () => {
  const requests = new AgentRequests();
  const { asked, begin } = scriptedAgent();
  const both = [1, 2].map(() => requests.ask(call, new AbortController().signal, begin).answer);
  expect([asked.length, requests.size]).toEqual([1, 1]);
  asked[0]?.answer('hello');
  expect(await Promise.all(both)).toEqual(['hello', 'hello']);
  expect(requests.size).toBe(0);
});

it('an answer that arrives while nobody waits is kept for the next try of the same call and agent', async () => {
  const requests = new AgentRequests();
  const { asked, begin } = scriptedAgent();
  const caller = new AbortController();
  const given = requests.ask(call, caller.signal, begin).answer;
  caller.abort(new GivenUp());
  await expect(given).rejects.toThrow(GivenUp);
  expect(asked[0]?.controller.signal.aborted).toBe(false);
  asked[0]?.answer('late');
  await requests.idle();

  expect(await requests.ask(call, new AbortController().signal, begin).answer).toBe('late');
  expect(asked).toHaveLength(1);
  void requests.ask({ ...call, agent: 'b' }, new AbortController().signal, begin);
  void requests.ask({ ...call, callId: 'd' }, new AbortController().signal, begin);
  expect(asked).toHaveLength(3);
});

it('the answers of a deleted call are dropped, those of other calls are kept', async () => {
  const requests = new AgentRequests();
  const { asked, begin } = scriptedAgent();
  const ask = (callId: string) => requests.ask({ ...call, callId }, new AbortController().signal, begin);
  const both = [ask('c').answer, ask('other').answer];
  for (const { answer } of asked) answer('hello');
  await Promise.all(both);
  requests.forget('c');
  expect(await ask('other').answer).toBe('hello');
  expect(asked).toHaveLength(2);
  void ask('c').answer;
  expect(asked).toHaveLength(3);
});

it('another run of the same call id asks again: it joins no request and gets no stored answer of the earlier run', async () => {
  const requests = new AgentRequests();
  const { asked, begin } = scriptedAgent();
  const ask = (runId: string) => requests.ask({ ...call, runId }, new AbortController().signal, begin);
  const first = ask('r').answer;
  const second = ask('s').answer;
  asked[0]?.answer('of the first run');
  asked[1]?.answer('of the second');
  expect([await first, await second]).toEqual(['of the first run', 'of the second']);
  expect(ask('t').joined).toBe(false);
  expect(asked).toHaveLength(3);
});

it('a failure that was reported is not kept: the next try asks again', async () => {
  const requests = new AgentRequests();
  const { asked, begin } = scriptedAgent();
  const first = requests.ask(call, new AbortController().signal, begin).answer;
  asked[0]?.controller.abort(new Error('the agent failed'));
  await expect(first).rejects.toThrow('the agent failed');
  void requests.ask(call, new AbortController().signal, begin).answer;
  expect(asked).toHaveLength(2);
});

it('a cancelled activity closes its request at once, unless another activity waits for it', async () => {
  const requests = new AgentRequests();
  const { asked, begin } = scriptedAgent();
  const [one, other] = [new AbortController(), new AbortController()];
  const first = requests.ask(call, one.signal, begin).answer;
  const second = requests.ask(call, other.signal, begin).answer;

  one.abort(new Error('cancelled'));
  await expect(first).rejects.toThrow('cancelled');
  expect(asked[0]?.controller.signal.aborted).toBe(false);
  other.abort(new Error('cancelled too'));
  await expect(second).rejects.toThrow('cancelled too');
  expect(asked[0]?.controller.signal.aborted).toBe(true);
});

it('aborting a call closes its requests and leaves those of other calls open', async () => {
  const requests = new AgentRequests();
  const { asked, begin } = scriptedAgent();
  const mine = requests.ask(call, new AbortController().signal, begin).answer;
  void requests.ask({ ...call, callId: 'other' }, new AbortController().signal, begin);
  requests.abort('c', new Error('cancelled'));
  await expect(mine).rejects.toThrow('cancelled');
  expect(asked.map(({ controller }) => controller.signal.aborted)).toEqual([true, false]);
});

it('an activity that is cancelled before it asks sends no request', () => {
  const requests = new AgentRequests();
  const { asked, begin } = scriptedAgent();
  expect(() => requests.ask(call, AbortSignal.abort(new Error('cancelled')), begin)).toThrow('cancelled');
  expect(asked).toHaveLength(0);
});

describe('a request that was left open', () => {
  afterEach(() => void vi.useRealTimers());

  async function leftOpen(serverAvailableMs = () => Infinity) {
    const requests = new AgentRequests(serverAvailableMs);
    const agent = scriptedAgent();
    const caller = new AbortController();
    const first = requests.ask(call, caller.signal, agent.begin);
    caller.abort(new GivenUp('Left open'));
    await expect(first.answer).rejects.toThrow(GivenUp);
    const join = () => requests.ask(call, new AbortController().signal, agent.begin);
    return { ...agent, requests, first, join };
  }

  it('keeps its own times when an activity joins it, and the activity knows that it joined', async () => {
    const { asked, first, join } = await leftOpen();
    const second = join();
    expect([first.joined, second.joined]).toEqual([false, true]);
    asked[0]?.answer('at last');
    expect(await second.answer).toBe('at last');
    expect(second.open).toBe(first.open);
    expect(second.open.ended).toBe(true);
  });

  it('reports a failure that occurred while nobody waited once, to the activity that joins next', async () => {
    const { asked, requests, join } = await leftOpen();
    asked[0]?.fail(new Error('the agent failed'));
    await requests.idle();
    const second = join();
    await expect(second.answer).rejects.toThrow('the agent failed');
    expect([second.joined, asked.length]).toEqual([true, 1]);
    void join().answer;
    expect(asked).toHaveLength(2);
  });

  it('is closed if nobody joins it for ten seconds during which the server is available', async () => {
    vi.useFakeTimers();
    let backAt = Infinity;
    const { asked, requests } = await leftOpen(() => Math.max(0, Date.now() - backAt));
    vi.advanceTimersByTime(12_000);
    backAt = Date.now();
    vi.advanceTimersByTime(9_999);
    expect(asked[0]?.controller.signal.aborted).toBe(false);
    vi.advanceTimersByTime(1);
    expect(asked[0]?.controller.signal.aborted).toBe(true);
    vi.useRealTimers();
    await requests.idle();
  });
});

it('idle() resolves when the last open request has ended', async () => {
  const requests = new AgentRequests();
  const { asked, begin } = scriptedAgent();
  await requests.idle();
  void requests.ask(call, new AbortController().signal, begin).answer;
  let idle = false;
  const waiting = requests.idle().then(() => (idle = true));
  await Promise.resolve();
  expect(idle).toBe(false);
  asked[0]?.answer('done');
  await waiting;
});
