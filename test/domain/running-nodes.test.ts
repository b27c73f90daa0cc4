/** Which nodes are running, derived from their leases. */
import { expect, test } from 'vitest';
import { writeCard, type NodeCard } from '../../src/domain/node-card.ts';
import { leaseMs, runningNodes } from '../../src/domain/running-nodes.ts';
import { cardOf } from './node-support.ts';

const now = 1_000_000;
const polled = (card: NodeCard, agoMs: number) => ({ identity: writeCard(card), seenAt: now - agoMs });

test('a node counts as running until its lease ends, counted from its last poll', () => {
  const pollers = [polled(cardOf(), leaseMs - 1), polled(cardOf({ id: 'dead' }), leaseMs)];
  expect(runningNodes(pollers, now)).toEqual([
    { ...cardOf(), seenAt: now - leaseMs + 1, leaseUntil: now + 1 },
  ]);
});

test('after a change of its card a node is listed with the newer card, in whatever order the two are listed and seen', () => {
  const before = polled(cardOf(), 5_000);
  const after = polled(cardOf({ address: 'http://here', revision: 1 }), 8_000);
  for (const pollers of [
    [before, after],
    [after, before],
  ])
    expect(runningNodes(pollers, now)).toMatchObject([{ address: 'http://here', seenAt: now - 5_000 }]);
});

test('a node that left is gone at once, even if an earlier card of it is still listed', () => {
  const card = cardOf();
  expect(runningNodes([polled(card, 0), polled({ ...card, left: true }, 0)], now)).toEqual([]);
});

test('nodes are sorted by role and age, and other pollers are ignored', () => {
  const pollers = [
    { identity: '77@a-host', seenAt: now },
    polled(cardOf({ id: 'w', role: 'worker', startedAt: 1 }), 0),
    polled(cardOf({ id: 'young', startedAt: 9 }), 0),
    polled(cardOf({ id: 'old', startedAt: 2 }), 0),
    polled(cardOf({ id: 'as-old', startedAt: 2 }), 0),
  ];
  expect(runningNodes(pollers, now).map(({ id }) => id)).toEqual(['as-old', 'old', 'young', 'w']);
});
