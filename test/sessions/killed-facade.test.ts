/**
 * A facade dies when a call of it has just ended, and has not told the call's session: no read and no turn misses the ending
 * (I4, docs/adr/0035-a-calls-ending-is-its-turn.md).
 */
import { expect, it } from 'vitest';
import { endedCall } from '../api/ended-call.ts';
import { looksOf } from './session-facts.ts';
import { answerOfKilled, begin, holdTurn, kill, millisecondsToTurn } from './unseen-endings.ts';
import { useFacades, windowOf } from './use-facades.ts';

const facades = useFacades();
const { call, textsOf, lastWindow } = facades;
const two = ['first', 're: first', 'second', 're: second'];

it('the first reads at another facade, which has the session cached, show the reply', async () => {
  await answerOfKilled(facades, 'read');

  const reads = await Promise.all(Array.from({ length: 5 }, () => textsOf('read')));

  expect(reads).toEqual(Array(5).fill(two));
  expect(await looksOf(facades.node.temporal, 'read')).toBe(0);
});

it('the first read at another facade shows the reply, though it has cached the session while the call ran', async () => {
  const { node } = facades;
  const facade = await node.startFacade();
  await begin(facades, 'cached');
  const held = await holdTurn(node, facade, 'cached', 'second');
  expect(await textsOf('cached')).toHaveLength(2);

  await held.endUnseen();

  expect(await textsOf('cached')).toEqual(['first', 're: first', 'second', 'at last']);
});

it('the next call at another facade has the reply in its window, and does not wait until the session looks', async () => {
  await answerOfKilled(facades, 'next');

  const { body } = await call('next', 'third');

  expect(body).toMatchObject({ success: true, session_stored: true });
  expect(lastWindow()).toEqual([...two, 'third']);
  expect(await looksOf(facades.node.temporal, 'next')).toBe(0);
});

it('a call that waits at another facade gets its turn within 5 s, with the reply in its window', async () => {
  const { node } = facades;
  const facade = await node.startFacade();
  await begin(facades, 'waiting');
  const held = await holdTurn(node, facade, 'waiting', 'second');
  const { headers, body } = await call('waiting', 'third', { Prefer: 'respond-async' });

  await held.endUnseen();

  const third = await endedCall(node.http, headers.get('Location') ?? '');
  expect(third).toMatchObject({ response: 're: third' });
  expect(lastWindow()).toEqual(['first', 're: first', 'second', 'at last', 'third']);
  expect(await millisecondsToTurn(node.temporal, held.callId, String(body.call_id))).toBeLessThan(5_000);
});

it('calls that wait at the killed facade itself follow each other faster than the first was found to have ended', async () => {
  const { node } = facades;
  const facade = await node.startFacade();
  await begin(facades, 'all-killed');
  const held = await holdTurn(node, facade, 'all-killed', 'second');
  const waiting: string[] = [];
  for (const prompt of ['third', 'fourth', 'fifth', 'sixth']) {
    const body = { agent_name: 'echo', prompt, session_id: 'all-killed' };
    waiting.push(String((await facade.http.call(body, { Prefer: 'respond-async' })).body.call_id));
  }

  await held.endUnseen();

  for (const [index, callId] of waiting.entries()) {
    expect((await endedCall(node.http, `/api/vps/calls/${callId}`)).status).toBe('completed');
    const before = waiting[index - 1];
    if (before === undefined) continue;
    expect(await millisecondsToTurn(node.temporal, before, callId)).toBeLessThan(2_000);
  }
  expect(await textsOf('all-killed')).toHaveLength(12);
  expect(lastWindow()).toHaveLength(11);
});

it('a call that waits at another facade gets its turn at once if the facade lives', async () => {
  const { node } = facades;
  const facade = await node.startFacade();
  await begin(facades, 'quick');
  const held = await holdTurn(node, facade, 'quick', 'second');
  const { headers, body } = await call('quick', 'third', { Prefer: 'respond-async' });

  expect(await held.answer()).toMatchObject({ response: 'at last', session_stored: true });

  const third = await endedCall(node.http, headers.get('Location') ?? '');
  expect(third).toMatchObject({ response: 're: third' });
  expect(lastWindow()).toEqual(['first', 're: first', 'second', 'at last', 'third']);
  expect(await millisecondsToTurn(node.temporal, held.callId, String(body.call_id))).toBeLessThan(1_500);
});

it('a call that interrupts has its turn though its facade and that of the interrupted call die, and asks once', async () => {
  const { node, textsOf } = facades;
  const [first, second] = [await node.startFacade(), await node.startFacade()];
  await begin(facades, 'interrupted');
  const held = await holdTurn(node, first, 'interrupted', 'second');
  await kill(first);
  const wish = { agent_name: 'echo', prompt: 'instead', session_id: 'interrupted', when_busy: 'interrupt' };

  const { headers, body } = await second.http.call(wish, { Prefer: 'respond-async' });
  await kill(second);

  const superseded = { status: 'cancelled', superseded_by: body.call_id };
  expect(await endedCall(node.http, headers.get('Location') ?? '')).toMatchObject({
    response: 're: instead',
  });
  expect(await endedCall(node.http, `/api/vps/calls/${held.callId}`)).toMatchObject(superseded);
  expect(await textsOf('interrupted')).toEqual([
    'first',
    're: first',
    { failed: 'second' },
    'instead',
    're: instead',
  ]);
  expect(held.agent.requests).toHaveLength(1);
  expect(facades.echo.requests.map(windowOf).filter((texts) => texts.includes('instead'))).toEqual([
    ['first', 're: first', 'instead'],
  ]);
});
