/** Which calls of the index a search is about, without Temporal. */
import { describe, expect, test } from 'vitest';
import { needsIndex, mayRun, meets, type CallSearch } from '../../src/services/call-index/call-search.ts';
import { EndingIndex, type IndexedCall } from '../../src/services/call-index/ending-index.ts';
import { decodePlace, encodePlace } from '../../src/services/call-index/list-cursor.ts';

const call: IndexedCall = {
  callId: 'crm.one',
  runId: 'run',
  agent: 'named',
  answeredBy: 'other',
  status: 'completed',
  errorType: undefined,
  startedAt: 1_000,
  endedAt: 2_000,
  asked: ['named', 'other'],
  rerunOf: undefined,
};
const isFound = (search: Omit<CallSearch, 'project'> & { project?: string }, of: Partial<IndexedCall> = {}) =>
  meets({ project: '*', ...search }, { ...call, ...of }, new EndingIndex(10));

describe('a call', () => {
  test.each<[Omit<CallSearch, 'project'> & { project?: string }, boolean]>([
    [{}, true],
    [{ project: 'crm' }, true],
    [{ project: 'default' }, false],
    [{ project: 'cr' }, false],
    [{ status: 'completed' }, true],
    [{ status: 'failed' }, false],
    [{ asked: 'named' }, true],
    [{ asked: 'other' }, true],
    [{ asked: 'third' }, false],
    [{ agent: 'other' }, false],
    [{ answeredBy: 'other' }, true],
    [{ failedOver: true }, true],
    [{ failedOver: false }, false],
    [{ resolved: true }, false],
    [{ resolved: false }, false],
    [{ since: new Date(1_000), until: new Date(1_001) }, true],
    [{ since: new Date(1_001) }, false],
    [{ until: new Date(1_000) }, false],
    [{ text: 'crm.o' }, true],
    [{ text: 'one' }, false],
  ])('that failed over is found by %o: %s', (search, found) => {
    expect(isFound(search)).toBe(found);
  });

  test('that failed is found as unresolved until a rerun has answered', () => {
    const failed = { status: 'failed', answeredBy: undefined } as const;
    expect(isFound({ resolved: false }, failed)).toBe(true);
    expect(isFound({ resolved: true }, failed)).toBe(false);
    expect(isFound({ failedOver: false }, failed)).toBe(true);
  });

  test('that runs has neither failed over nor not', () => {
    const running = { status: 'running', answeredBy: undefined, endedAt: undefined } as const;
    expect(isFound({ failedOver: false }, running)).toBe(false);
    expect(isFound({ failedOver: true }, running)).toBe(false);
    expect(mayRun({ project: '*', asked: 'named' })).toBe(true);
    expect(mayRun({ project: '*', status: 'running' })).toBe(true);
    for (const search of [
      { failedOver: false },
      { resolved: false },
      { status: 'failed' },
      { answeredBy: 'x' },
    ] as const)
      expect(mayRun({ project: '*', ...search })).toBe(false);
  });
});

test('Temporal answers what it can', () => {
  expect(needsIndex({ project: '*', agent: 'a', session: 's', status: 'failed' })).toBe(false);
  for (const search of [{ asked: 'a' }, { failedOver: false }, { resolved: false }, { promptContains: 'x' }])
    expect(needsIndex({ project: '*', ...search })).toBe(true);
  expect(needsIndex({ project: '*', metadata: {} })).toBe(false);
  expect(needsIndex({ project: '*', metadata: { a: 'b' } })).toBe(true);
});

test('a cursor is a place of one list, whatever the order of its filters, and of no other', () => {
  const search = { project: 'a', agent: 'b', since: new Date(5) };
  const order = { sort: 'started', order: 'desc' } as const;
  const cursor = encodePlace(search, order, { key: 5, runId: 'r' });
  expect(decodePlace({ since: new Date(5), agent: 'b', project: 'a' }, order, cursor)).toEqual({
    key: 5,
    runId: 'r',
  });
  const wrong = (of: CallSearch, by: Parameters<typeof decodePlace>[1], text = cursor) =>
    expect(() => decodePlace(of, by, text)).toThrow(/cursor/);
  wrong({ ...search, project: 'b' }, order);
  wrong({ ...search, agent: 'c' }, order);
  wrong(search, { ...order, order: 'asc' });
  wrong(search, order, `${cursor.slice(0, -2)}AA`);
  wrong(search, order, 'nonsense');
});
