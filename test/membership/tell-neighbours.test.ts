/** What the log says of nodes that differ from this one. */
import { pino } from 'pino';
import { expect, test } from 'vitest';
import type { NodeCard } from '../../src/domain/node-card.ts';
import { tellNeighbours } from '../../src/membership/tell-neighbours.ts';
import { cardOf } from '../domain/node-support.ts';

const self = cardOf();
const listed = (more: Partial<NodeCard>) => ({ ...cardOf({ id: 'two', ...more }), seenAt: 1, leaseUntil: 2 });

function withLines() {
  const lines: { level: number; msg: string }[] = [];
  const log = pino({}, { write: (line) => void lines.push(JSON.parse(line) as (typeof lines)[number]) });
  return { tell: tellNeighbours(log), lines };
}

test('a node that differs is told once, also where Temporal forgot it for a while, and again when it differs in more', () => {
  const { tell, lines } = withLines();
  const node = listed({ settings: { HOLDFAST_MAX_CHAIN: 5 } });
  tell(self, [node]);
  tell(self, []);
  tell(self, [node]);
  expect(lines).toMatchObject([{ level: 40, msg: expect.stringContaining('HOLDFAST_MAX_CHAIN') as string }]);
  tell(self, [{ ...node, storeId: 'other' }]);
  expect(lines).toHaveLength(2);
});

test('another key or store is an error, another generation a warning that says which of both ends', () => {
  const { tell, lines } = withLines();
  tell(self, [listed({ keyFingerprint: 'other' }), listed({ id: 'three', generation: 2 })]);
  expect(lines).toMatchObject([
    { level: 50, msg: expect.stringContaining('stop one of them') as string },
    { level: 40, msg: expect.stringContaining('that which came last is refused') as string },
  ]);
});
