/** Every event reaches its receiver at least once, and in order where that is promised, whatever is killed meanwhile. */
import { expect, it, onTestFinished, vi } from 'vitest';
import { startOwnNamespace } from '../on-cluster/own-namespace.ts';
import type { Json } from '../rig/http-client.ts';
import { samePlace, startNodeProcess } from '../rig/node-process.ts';
import { Receiver, verify } from '../rig/receiver.ts';
import { agentOf, place } from './kill-support.ts';

/** 600 calls, or HOLDFAST_TEST_CALLS. */
const count = Number(process.env['HOLDFAST_TEST_CALLS'] ?? 600);
const sessions = 12;
/** While nodes or the server are killed, a call is sent again with the same key. */
const untilSomebodyIsBack = { timeout: 120_000, interval: 250 };

async function receiverOf(): Promise<Receiver> {
  const receiver = new Receiver();
  await receiver.start();
  onTestFinished(() => receiver.kill());
  return receiver;
}

it(
  'receiver, nodes and server are killed during deliveries, and nothing is lost',
  async () => {
    const server = await startOwnNamespace();
    const environment = await place({
      ...server.settings,
      HOLDFAST_ENDINGS_MARGIN_SECONDS: '5',
      HOLDFAST_CIRCUIT_BREAKER: 'off',
    });
    const beside = await startNodeProcess({ ...environment });
    let node = await startNodeProcess(environment);
    const agent = await agentOf(({ attempt }) =>
      attempt % 9 === 0 ? { status: 401 } : { body: { content: 'yes' } },
    );
    await node.http.register('agent', agent.port, { max_retries: 0 });
    const [ordered, any] = [await receiverOf(), await receiverOf()];
    const subscribe = async (receiver: Receiver, more: Json): Promise<string> => {
      const events = ['call.completed', 'call.failed'];
      const { body } = await node.http.post('/api/vps/webhooks', {
        name: 'x',
        url: receiver.url,
        events,
        ...more,
      });
      return String(body.secret);
    };
    const secret = await subscribe(ordered, { ordered: true });
    await subscribe(any, { include_content: true });
    // Every eleventh try fails, so that events wait, and others of their session behind them.
    let tries = 0;
    ordered.answer = () => (++tries % 11 === 0 ? 500 : 204);

    /** The calls of each session, in the order in which they were answered. */
    const journal = Array.from({ length: sessions }, (): string[] => []);
    const ask = async (session: number, index: number): Promise<void> => {
      const call = { agent_name: 'agent', prompt: `${index}`, session_id: `s-${session}` };
      let again = 0;
      const answered = async (): Promise<string> => {
        const by = (index + again++) % 2 === 0 ? node : beside;
        const headers = { 'Idempotency-Key': `webhooks-${session}-${index}` };
        const { status, body } = await by.http.call(call, headers);
        if (status !== 200)
          throw new Error(`Call ${index} of session ${session} was answered with ${status}`);
        return String(body.call_id);
      };
      journal[session]?.push(await vi.waitFor(answered, untilSomebodyIsBack));
    };
    const askAll = async (from: number, to: number): Promise<void> => {
      const inSession = async (session: number): Promise<void> => {
        for (let index = from; index < to; index++) await ask(session, index);
      };
      await Promise.all(Array.from({ length: sessions }, (_, session) => inSession(session)));
    };
    const each = Math.ceil(count / sessions);
    const part = (of: number): number => Math.floor((each * of) / 4);

    await askAll(0, part(1));
    await expect.poll(() => any.taken().length, { timeout: 60_000 }).toBeGreaterThan(0);
    await ordered.kill();
    const second = askAll(part(1), part(2));
    node.process.kill('SIGKILL');
    await node.process.exited;
    node = await startNodeProcess(samePlace(environment, node));
    await second;
    await ordered.start();
    const third = askAll(part(2), part(3));
    await any.kill();
    await server.killServer();
    await server.startServer();
    await third;
    await any.start();
    const fourth = askAll(part(3), each);
    for (const { process } of [node, beside]) process.kill('SIGKILL');
    await Promise.all([node, beside].map(({ process }) => process.exited));
    node = await startNodeProcess(samePlace(environment, node));
    await fourth;

    const wanted = journal.flat().toSorted();
    expect(wanted).toHaveLength(each * sessions);
    const takenBy = (receiver: Receiver): string[] =>
      [...new Set(receiver.taken().map(({ data }) => String(data['call_id'])))].toSorted();
    for (const receiver of [any, ordered])
      await expect.poll(() => takenBy(receiver), { timeout: 180_000, interval: 500 }).toEqual(wanted);
    for (const receiver of [any, ordered]) {
      const texts = new Map<string, Set<string>>();
      for (const { id, text } of receiver.received) texts.set(id, (texts.get(id) ?? new Set()).add(text));
      expect([...texts.values()].filter((one) => one.size > 1)).toEqual([]);
      expect(texts.size).toBe(wanted.length);
    }
    for (const received of ordered.received) verify(received, secret);
    const order = new Map<string, string[]>();
    for (const { data } of ordered.taken()) {
      const session = String(data['session_id']);
      const before = order.get(session) ?? [];
      if (!before.includes(String(data['call_id']))) order.set(session, [...before, String(data['call_id'])]);
    }
    for (const [session, calls] of journal.entries()) expect(order.get(`s-${session}`)).toEqual(calls);
  },
  420_000 + 100 * count,
);

it('a redelivery that was accepted is done, though its node is killed while it still sends something else', async () => {
  const server = await startOwnNamespace();
  const environment = await place({ ...server.settings, HOLDFAST_ENDINGS_MARGIN_SECONDS: '5' });
  const node = await startNodeProcess(environment);
  const agent = await agentOf(() => ({ body: { content: 'yes' } }));
  await node.http.register('agent', agent.port);
  const receiver = await receiverOf();
  const { body: webhook } = await node.http.post('/api/vps/webhooks', {
    name: 'x',
    url: receiver.url,
    events: ['call.completed'],
  });
  const from = new Date().toISOString();
  const { body: first } = await node.http.call({ agent_name: 'agent', prompt: 'x' });
  await expect.poll(() => receiver.taken().length, { timeout: 30_000 }).toBe(1);
  let isHanging = false;
  receiver.answer = () => {
    isHanging = true;
    return new Promise(() => undefined);
  };
  await node.http.call({ agent_name: 'agent', prompt: 'y' });
  await expect.poll(() => isHanging, { timeout: 30_000 }).toBe(true);
  const wish = { from, to: new Date(Date.now() + 60_000).toISOString(), only: 'all' };
  expect((await node.http.post(`/api/vps/webhooks/${String(webhook.id)}/redeliver`, wish)).status).toBe(202);
  node.process.kill('SIGKILL');
  await node.process.exited;
  receiver.answer = () => 204;
  await startNodeProcess(samePlace(environment, node));
  const again = () => receiver.about(String(first.call_id)).length;
  await expect.poll(again, { timeout: 60_000 }).toBe(2);
}, 180_000);
