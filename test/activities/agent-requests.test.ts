/** One request per call and agent, whatever becomes of the activities that wait for it. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { AgentRequests, GivenUp } from '../../src/activities/agent-requests.ts';

const call = { callId: 'c', runId: 'r', agent: 'a' };

/** An agent that answers, or fails, when it is told; it counts its requests. */
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

it('an activity that is scheduled again joins the request that is open, and both have its answer', async () => {
  const requests = new AgentRequests();
  const { asked, begin } = scriptedAgent();
  const both = [1, 2].map(() => requests.ask(call, new AbortController().signal, begin).answer);
  expect([asked.length, requests.size]).toEqual([1, 1]);
  asked[0]?.answer('hello');
  expect(await Promise.all(both)).toEqual(['hello', 'hello']);
  expect(requests.size).toBe(0);
});

it('an answer that nobody could report is there for the next try, of that call and agent alone', async () => {
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

it('the answer of a call that is deleted is forgotten, that of another is not', async () => {
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

it('another run of a call, deleted or reset elsewhere, asks anew: it joins no request and takes no answer', async () => {
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

it('a failure is not kept: the next try asks again', async () => {
  const requests = new AgentRequests();
  const { asked, begin } = scriptedAgent();
  const first = requests.ask(call, new AbortController().signal, begin).answer;
  asked[0]?.controller.abort(new Error('the agent failed'));
  await expect(first).rejects.toThrow('the agent failed');
  void requests.ask(call, new AbortController().signal, begin).answer;
  expect(asked).toHaveLength(2);
});

it('a cancelled caller closes the request at once, unless another waits for it', async () => {
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

it("a cancelled call's requests are closed by its id, those of others stay", async () => {
  const requests = new AgentRequests();
  const { asked, begin } = scriptedAgent();
  const mine = requests.ask(call, new AbortController().signal, begin).answer;
  void requests.ask({ ...call, callId: 'other' }, new AbortController().signal, begin);
  requests.abort('c', new Error('cancelled'));
  await expect(mine).rejects.toThrow('cancelled');
  expect(asked.map(({ controller }) => controller.signal.aborted)).toEqual([true, false]);
});

it('an activity that is cancelled before it asks does not ask', () => {
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

  it('is joined with its own times, and told apart from one that is begun', async () => {
    const { asked, first, join } = await leftOpen();
    const second = join();
    expect([first.joined, second.joined]).toEqual([false, true]);
    asked[0]?.answer('at last');
    expect(await second.answer).toBe('at last');
    expect(second.open).toBe(first.open);
    expect(second.open.ended).toBe(true);
  });

  it('tells a failure of the time between to the activity that joins it, once', async () => {
    const { asked, requests, join } = await leftOpen();
    asked[0]?.fail(new Error('the agent failed'));
    await requests.idle();
    const second = join();
    await expect(second.answer).rejects.toThrow('the agent failed');
    expect([second.joined, asked.length]).toEqual([true, 1]);
    void join().answer;
    expect(asked).toHaveLength(2);
  });

  it('is closed after ten seconds that nobody joined it in, counted from when a server was there', async () => {
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

it('is idle once the last request has ended', async () => {
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
