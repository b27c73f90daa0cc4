import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { wordsOf } from '../../src/domain/event-words.ts';

const words = (type: string, data: Record<string, unknown>) =>
  wordsOf({ type, timestamp: '2026-11-30T08:00:00.000Z', data });

const call = {
  call_id: 'crm.4f0c',
  agent_name: 'planner',
  answered_by: 'planner',
  error_type: null,
  attempts: [{ agent: 'planner', error_type: null, tries: 1, latency_ms: 5 }],
};
const timedOut = { agent: 'planner', error_type: 'timeout', tries: 2, latency_ms: 50 };

describe('the words about a call', () => {
  it('say who answered, and who did not', () => {
    expect(words('call.completed', call)).toEqual({
      title: 'planner answered a call',
      details: 'Call crm.4f0c',
      page: '/calls/crm.4f0c',
    });
    const attempts = [timedOut, { agent: 'helper', error_type: null }];
    expect(words('call.completed', { ...call, answered_by: 'helper', attempts })).toEqual({
      title: 'helper answered a call instead of planner',
      details: 'Call crm.4f0c. No answer from planner (timeout)',
      page: '/calls/crm.4f0c',
    });
  });

  it('say why it failed, also if its attempts were left out for their size', () => {
    const failed = { ...call, answered_by: null, error_type: 'chain_exhausted' };
    expect(words('call.failed', { ...failed, attempts: [timedOut] })).toMatchObject({
      title: 'A call to planner failed: chain_exhausted',
      details: 'Call crm.4f0c. No answer from planner (timeout)',
    });
    expect(words('call.failed', { ...failed, attempts: null }).details).toBe('Call crm.4f0c');
    expect(words('call.cancelled', failed).title).toBe('A call to planner was cancelled');
  });

  it('have nothing of its content', () => {
    const content = { prompt: 'secret', response: 'secret', error: 'secret', metadata: { a: 'secret' } };
    for (const type of ['call.completed', 'call.failed', 'call.cancelled'])
      expect(JSON.stringify(words(type, { ...call, ...content }))).not.toContain('secret');
  });
});

it('the words about an agent say its status before and now', () => {
  expect(words('agent.state_changed', { agent_name: 'planner', from: 'healthy', to: 'unreachable' })).toEqual(
    { title: 'Agent planner is unreachable', details: 'It was healthy before', page: '/agents' },
  );
});

it.each([
  ['completed', 'is done'],
  ['cancelled', 'was cancelled'],
  ['failed', 'failed'],
])('the words about a batch that is %s say so', (status, ends) => {
  const counts = { total: 10, now_succeeded: 7, failed_again: 2, skipped: 1 };
  expect(words('batch.ended', { batch_id: 'b 1', status, ...counts })).toEqual({
    title: `A batch of reruns ${ends}: 7 of 10 calls succeeded now`,
    details: '2 failed again, 1 were skipped. Batch b 1',
    page: '/batches/b%201',
  });
});

describe('the words about an alert', () => {
  const alert = {
    severity: 'critical',
    summary: 'Agent planner is unreachable',
    fired_at: '2026-11-30T08:00:00.000Z',
  };

  it('say what is wrong, since when, and what to do', () => {
    expect(words('alert.fired', { ...alert, runbook: 'https://docs.example/agent' })).toEqual({
      title: 'Alert, critical: Agent planner is unreachable',
      details: 'Since 2026-11-30T08:00:00.000Z. What to do: https://docs.example/agent',
      page: '/alerts',
    });
    expect(words('alert.fired', { ...alert, runbook: null, direct: true }).details).toBe(
      'Since 2026-11-30T08:00:00.000Z. Sent by a node itself, because Temporal or the workers are away',
    );
  });

  it('say when it was over', () => {
    expect(words('alert.resolved', { ...alert, resolved_at: '2026-11-30T08:05:00.000Z' })).toEqual({
      title: 'Resolved: Agent planner is unreachable',
      details: 'Fired at 2026-11-30T08:00:00.000Z, resolved at 2026-11-30T08:05:00.000Z',
      page: '/alerts',
    });
  });
});

it('the words of a test event name the webhook', () => {
  expect(words('webhook.test', { webhook_id: 'wh1', name: 'oncall' })).toEqual({
    title: 'Test of the webhook oncall',
    details: 'Its events arrive here',
    page: '/webhooks/wh1',
  });
});

it('an event of a type that is not known yet is shown with the first of its members', () => {
  const data = { id: 'x', count: 2, is_new: true, list: [1], none: null, a: 1, b: 2, c: 3, d: 4 };
  expect(words('disk.full', data)).toEqual({
    title: 'disk.full',
    details: 'id: x, count: 2, is_new: true, a: 1, b: 2, c: 3',
  });
  expect(words('disk.full', {})).toEqual({ title: 'disk.full' });
});

it('whatever somebody wrote stays one short line', () => {
  const text = fc.string({ unit: 'binary', maxLength: 400 });
  fc.assert(
    fc.property(text, text, (summary, severity) => {
      const { title } = words('alert.fired', { severity, summary });
      expect(title).not.toMatch(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u);
      expect(Array.from(title).length).toBeLessThanOrEqual(620);
    }),
    { numRuns: 50 },
  );
  expect(words('alert.fired', { severity: 'x', summary: 'a\r\nBcc: b@example.com' }).title).toBe(
    'Alert, x: a Bcc: b@example.com',
  );
  expect(words('alert.fired', { severity: 'x', summary: 'y'.repeat(301) }).title).toBe(
    `Alert, x: ${'y'.repeat(299)}…`,
  );
});
