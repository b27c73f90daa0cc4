import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  alertIdOf,
  alertKey,
  type PastCondition,
  type ReportedCondition,
  type Silence,
} from '../../src/domain/alert.ts';
import {
  AlertBook,
  isAnnouncementDue,
  isNews,
  maxActiveAlerts,
  maxResolvedAlerts,
  maxSilences,
  noAlerts,
  type AlertChange,
  type AlertState,
} from '../../src/domain/alert-book.ts';

const now = 1_800_000_000_000;

function about(subject: string, more: Partial<ReportedCondition> = {}): ReportedCondition {
  return {
    condition: 'agent_unreachable',
    subject,
    since: now - 60_000,
    summary: 'away',
    values: {},
    ...more,
  };
}

function past(firedAt: number, resolvedAt: number, subject = ''): PastCondition {
  return { ...about(subject, { condition: 'no_workers' }), firedAt, resolvedAt };
}

const silence = (more: Partial<Silence> = {}) => ({
  id: 'si1',
  until: now + 1_000,
  reason: '',
  by: 'ann',
  ...more,
});
const told = (book: AlertBook): string[] =>
  book.changesAfter(0).map(({ type, alert }) => `${type} ${alert.subject}`);
/** What the next run of the workflow begins with. */
const renewed = (book: AlertBook): AlertBook =>
  new AlertBook(JSON.parse(JSON.stringify(book.state())) as AlertState);

const subjects = ['a', 'b', 'c'];
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ by: fc.constantFrom('cluster', 'n1', 'n2'), sees: fc.subarray(subjects) }),
  },
  { weight: 1, arbitrary: fc.record({ dies: fc.constantFrom('n1', 'n2') }) },
  {
    weight: 1,
    arbitrary: fc.record({ silenced: fc.constantFrom(...subjects), forMs: fc.integer({ min: 1, max: 9 }) }),
  },
  { weight: 1, arbitrary: fc.constant('renewed' as const) },
);

describe('the book of alerts', () => {
  it('fires and resolves each occurrence once, whoever reports it twice, dies, or takes over', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        let book = new AlertBook();
        const sees = new Map<string, readonly string[]>();
        const active = new Set<string>();
        const occurrences: Record<string, number> = { a: 0, b: 0, c: 0 };
        const silences: { subject: string; until: number }[] = [];
        let at = now;
        for (const one of steps) {
          at += 1;
          if (one === 'renewed') book = renewed(book);
          else if ('silenced' in one) {
            const until = at + one.forMs;
            silences.push({ subject: one.silenced, until });
            book.silence(silence({ id: `si${at}`, subject: one.silenced, until }), at);
          } else {
            const [reporter, seen] = 'dies' in one ? [one.dies, []] : [one.by, one.sees];
            const fence = reporter === 'cluster' && { fence: at };
            book.report({ reporter, ...fence, conditions: seen.map((subject) => about(subject)) }, at);
            sees.set(reporter, seen);
          }
          for (const subject of subjects) {
            const isSeen = [...sees.values()].some((list) => list.includes(subject));
            if (isSeen && !active.has(subject)) occurrences[subject] = (occurrences[subject] ?? 0) + 1;
            if (isSeen) active.add(subject);
            else active.delete(subject);
          }
          const state = book.state();
          expect(state.active.map(({ subject }) => subject).sort()).toEqual([...active].sort());
          const waits = (subject: string): boolean =>
            silences.some((quiet) => quiet.subject === subject && quiet.until > at);
          // What was announced stays so; all else that is active waits for a silence.
          for (const alert of state.active)
            if (!alert.isAnnounced && one !== 'renewed') expect(waits(alert.subject)).toBe(true);
        }
        const changes = book.changesAfter(0);
        expect(changes.map(({ sequence }) => sequence)).toEqual(changes.map((_, index) => index + 1));
        for (const subject of subjects) {
          const own = changes.filter(({ alert }) => alert.subject === subject);
          // Fired and resolved in turn, at most once for each occurrence.
          expect(own.map(({ type }) => type)).toEqual(
            own.map((_, index) => (index % 2 === 0 ? 'alert.fired' : 'alert.resolved')),
          );
          const fired = own.filter(({ type }) => type === 'alert.fired');
          expect(new Set(fired.map(({ alert }) => alert.id)).size).toBe(fired.length);
          expect(fired.length).toBeLessThanOrEqual(occurrences[subject] ?? 0);
          if (silences.length === 0) expect(fired.length).toBe(occurrences[subject] ?? 0);
          expect(pairs(own)).toBe(true);
        }
      }),
    );
  });

  it('ignores an evaluator that another one has taken over from', () => {
    const book = new AlertBook();
    book.report({ reporter: 'cluster', fence: 2, conditions: [about('a')] }, now);
    book.report({ reporter: 'cluster', fence: 1, conditions: [] }, now);
    expect(book.state().active).toHaveLength(1);
    book.report({ reporter: 'cluster', fence: 3, conditions: [] }, now);
    expect(book.state().active).toHaveLength(0);
  });

  it('tells once of an outage that several nodes report when it is over', () => {
    const book = new AlertBook();
    book.report({ reporter: 'n1', conditions: [], past: [past(now - 100, now - 10)] }, now);
    book.report(
      { reporter: 'n2', conditions: [], past: [past(now - 90, now - 5), past(now - 4, now - 2)] },
      now,
    );
    expect(told(book)).toEqual(['alert.fired ', 'alert.resolved ', 'alert.fired ', 'alert.resolved ']);
    expect(book.state().resolved.map(({ firedAt }) => firedAt)).toEqual([now - 100, now - 4]);
    expect(book.state().resolved[0]?.id).toBe(alertIdOf(past(0, 0), now - 100));
    expect(book.state().resolved.map(({ resolvedAt }) => resolvedAt)).toEqual([now - 5, now - 2]);
    // One that is still active covers it, too.
    book.report({ reporter: 'n1', conditions: [about('', { condition: 'no_workers' })] }, now);
    book.report({ reporter: 'n2', conditions: [], past: [past(now + 1, now + 2)] }, now + 3);
    expect(book.state().resolved).toHaveLength(2);
  });

  it('tells nothing of an outage that was silenced', () => {
    const book = new AlertBook();
    book.silence(silence({ condition: 'no_workers' }), now);
    book.report({ reporter: 'n1', conditions: [], past: [past(now - 100, now - 10)] }, now);
    expect(told(book)).toEqual([]);
    expect(book.state().resolved).toMatchObject([{ isAnnounced: false }]);
  });

  it('announces what a silence has kept back once it ends, or is ended', () => {
    const book = new AlertBook();
    book.silence(silence({ condition: 'agent_unreachable', subject: 'a' }), now);
    book.silence(silence({ id: 'si2', project: 'crm', until: now + 5_000 }), now);
    const conditions = [about('a'), about('b'), about('c', { project: 'crm' })];
    book.report({ reporter: 'cluster', fence: 1, conditions }, now);
    expect(told(book)).toEqual(['alert.fired b']);
    expect(isAnnouncementDue(book.state(), now)).toBe(false);
    expect(isAnnouncementDue(book.state(), now + 1_000)).toBe(true);
    book.report({ reporter: 'cluster', fence: 1, conditions }, now + 1_000);
    expect(book.unsilence('si2', now + 1_001)).toMatchObject({ project: 'crm', from: now });
    expect(told(book)).toEqual(['alert.fired b', 'alert.fired a', 'alert.fired c']);
    expect(book.state().silences).toEqual([]);
  });

  it('keeps who has acknowledged an alert, also of one that is over', () => {
    const book = new AlertBook();
    book.report({ reporter: 'n1', conditions: [about('a'), about('b')] }, now);
    const [a, b] = book.state().active;
    book.acknowledge(a?.id ?? '', 'ann', 'on it', now + 1);
    book.report({ reporter: 'n1', conditions: [] }, now + 2);
    book.acknowledge(b?.id ?? '', 'bob', '', now + 3);
    expect(book.state().resolved).toMatchObject([
      { subject: 'a', acknowledged: { by: 'ann', note: 'on it', at: now + 1 } },
      { subject: 'b', acknowledged: { by: 'bob' } },
    ]);
  });

  it('refuses what does not exist for the project, and too many silences', () => {
    const book = new AlertBook();
    book.report({ reporter: 'n1', conditions: [about('a', { project: 'crm' })] }, now);
    const [{ id } = { id: '' }] = book.state().active;
    expect(book.refusalOfAlert(id, 'crm')).toBeUndefined();
    expect(book.refusalOfAlert(id, 'default')).toMatchObject({ type: 'alert_not_found' });
    expect(book.refusalOfAlert('x', 'crm')).toMatchObject({ type: 'alert_not_found' });
    book.silence(silence(), now);
    expect(book.refusalOfSilence('si1', 'default')).toBeUndefined();
    expect(book.refusalOfSilence('si1', 'crm')).toMatchObject({ type: 'silence_not_found' });
    expect(book.refusalOfNewSilence(silence({ until: now }), now)).toMatchObject({
      type: 'validation_failed',
    });
    expect(book.refusalOfNewSilence(silence(), now)).toBeUndefined();
    for (let count = 0; count < maxSilences; count++) book.silence(silence({ id: `si${count}` }), now);
    expect(book.refusalOfNewSilence(silence(), now)).toMatchObject({ type: 'silences_full' });
    expect(book.refusalOfNewSilence(silence({ until: now + 9_000 }), now + 1_000)).toBeUndefined();
  });

  it('has bounds, and stays well below the 2 MiB of a payload', () => {
    const book = new AlertBook();
    const many = Array.from({ length: maxActiveAlerts + 5 }, (_, index) =>
      about(`${'n'.repeat(60)}${index}`, { summary: 's'.repeat(300), agent: 'n'.repeat(64) }),
    );
    book.report({ reporter: 'cluster', fence: 1, conditions: many }, now);
    expect(book.state().active).toHaveLength(maxActiveAlerts);
    expect(isNews(book.state(), { reporter: 'cluster', conditions: many })).toBe(false);
    book.report({ reporter: 'cluster', fence: 1, conditions: many.slice(-5) }, now + 1);
    expect(book.state().resolved).toHaveLength(maxResolvedAlerts);
    // Those that had no room fire now.
    expect(isNews(book.state(), { reporter: 'cluster', conditions: many.slice(-5) })).toBe(true);
    book.report({ reporter: 'cluster', fence: 1, conditions: many.slice(-5) }, now + 2);
    expect(book.state().active).toHaveLength(5);
    expect(JSON.stringify(book.state()).length).toBeLessThan(1024 * 1024);
  });
});

describe('a report', () => {
  it('is news if it says something else than the book has of its reporter', () => {
    const book = new AlertBook();
    expect(isNews(noAlerts, { reporter: 'n1', conditions: [] })).toBe(false);
    expect(isNews(noAlerts, { reporter: 'n1', conditions: [], past: [past(1, 2)] })).toBe(true);
    book.report({ reporter: 'n1', conditions: [about('a')] }, now);
    const state = book.state();
    expect(isNews(state, { reporter: 'n1', conditions: [about('a', { summary: 'other' })] })).toBe(false);
    expect(isNews(state, { reporter: 'n1', conditions: [about('b')] })).toBe(true);
    expect(isNews(state, { reporter: 'n1', conditions: [] })).toBe(true);
    expect(isNews(state, { reporter: 'n2', conditions: [about('a')] })).toBe(true);
    expect(isNews(state, { reporter: 'n1', fence: 1, conditions: [about('a')] })).toBe(true);
    book.report({ reporter: 'n1', fence: 1, conditions: [about('a')] }, now);
    expect(isNews(book.state(), { reporter: 'n1', fence: 1, conditions: [about('a')] })).toBe(false);
    expect(isNews(book.state(), { reporter: 'n1', fence: 2, conditions: [about('a')] })).toBe(true);
    book.report({ reporter: 'n1', fence: 2, conditions: [] }, now);
    expect(isNews(book.state(), { reporter: 'n1', fence: 3, conditions: [] })).toBe(false);
  });

  it('has one key for each condition and subject', () => {
    expect(alertKey(about('a'))).not.toBe(alertKey(about('b')));
    expect(alertIdOf(about('a'), now)).toMatch(/^agent_unreachable-[0-9a-z]+-[0-9a-z]+$/);
    expect(alertIdOf(about('a'), now)).not.toBe(alertIdOf(about('b'), now));
  });
});

/** Whether each alert that resolved is the one that fired before. */
function pairs(changes: readonly AlertChange[]): boolean {
  return changes.every(
    ({ type, alert }, index) => type === 'alert.fired' || changes[index - 1]?.alert.id === alert.id,
  );
}
