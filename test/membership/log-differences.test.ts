/** What a node logs about other nodes that differ from it. */
import { pino } from 'pino';
import { expect, test } from 'vitest';
import type { NodeCard } from '../../src/domain/node-card.ts';
import { logDifferences } from '../../src/membership/log-differences.ts';
import { cardOf } from '../domain/node-support.ts';

const self = cardOf();
const listed = (more: Partial<NodeCard>) => ({ ...cardOf({ id: 'two', ...more }), seenAt: 1, leaseUntil: 2 });

function withLines() {
  const lines: { level: number; msg: string }[] = [];
  const log = pino({}, { write: (line) => void lines.push(JSON.parse(line) as (typeof lines)[number]) });
  return { compare: logDifferences(log), lines };
}

test('a difference is logged once, even if the node is not listed for a while; a further difference is logged too', () => {
  const { compare, lines } = withLines();
  const node = listed({ settings: { HOLDFAST_MAX_CHAIN: 5 } });
  compare(self, [node]);
  compare(self, []);
  compare(self, [node]);
  expect(lines).toMatchObject([{ level: 40, msg: expect.stringContaining('HOLDFAST_MAX_CHAIN') as string }]);
  compare(self, [{ ...node, storeId: 'other' }]);
  expect(lines).toHaveLength(2);
});

test('another key or payload store is logged as an error, another generation as a warning that says which node stops', () => {
  const { compare, lines } = withLines();
  compare(self, [listed({ keyFingerprint: 'other' }), listed({ id: 'three', generation: 2 })]);
  expect(lines).toMatchObject([
    { level: 50, msg: expect.stringContaining('stop one of the two') as string },
    { level: 40, msg: expect.stringContaining('the one that was started last is refused') as string },
  ]);
});
