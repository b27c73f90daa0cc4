/** The tables of docs/webhooks.md have exactly the members that events have. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Alert } from '../../src/domain/alert.ts';
import type { CallInput } from '../../src/domain/call.ts';
import type { FeedEvent } from '../../src/domain/feed-event.ts';
import { webhookEvents, type Webhook } from '../../src/domain/webhook.ts';
import { packageRoot } from '../../src/platform/paths.ts';
import {
  bodyOf,
  bodyOfRun,
  type EventBody,
  type WebhookBodyParts,
} from '../../src/services/webhooks/event-body.ts';
import { alertData } from '../../src/services/webhooks/alert-data.ts';
import { ending } from '../domain/ending-support.ts';

const page = await readFile(join(packageRoot, 'docs/webhooks.md'), 'utf8');

/** The names in the first column of the table whose first heading is this one. */
function namesIn(heading: string): string[] {
  const [, rows = ''] = page.split(`| ${heading} |`);
  const table = rows.split('\n\n')[0]?.split('\n').slice(2) ?? [];
  return table.flatMap((row) =>
    [...(row.split('|')[1] ?? '').matchAll(/`(\w[\w.]*)`/g)].map(([, name = '']) => name),
  );
}

const membersOf = (body: EventBody): string[] =>
  Object.keys((JSON.parse(body.text) as { data: object }).data).sort();

const nothing = undefined as never;
const parts: WebhookBodyParts = {
  temporal: nothing,
  texts: nothing,
  maxBytes: 10_000,
  isUsable: () => Promise.resolve(true),
};

async function membersOfEvent(event: FeedEvent): Promise<string[]> {
  const webhook = { filter: {}, events: [event.type] } as unknown as Webhook;
  return membersOf((await bodyOf(parts, event, webhook)) as EventBody);
}

it('the events are those that a webhook may ask for', () => {
  expect(namesIn('event')).toEqual(Object.keys(webhookEvents));
});

it('an event of a call has the members of its table', async () => {
  const run = { input: { agentName: 'a' } as CallInput, fingerprint: undefined, startedAt: 1 };
  const withContent = await bodyOfRun(parts, ending(), run, true);
  expect(membersOf(withContent)).toEqual(namesIn('`data` of `call.*`').sort());
});

it('a change of the status of an agent has the members of its table', async () => {
  const change = { agent: 'a', from: 'healthy', to: 'unreachable', at: 1, sequence: 1, series: 's' } as const;
  expect(await membersOfEvent({ type: 'agent.state_changed', ...change })).toEqual(
    namesIn('`data` of `agent.state_changed`').sort(),
  );
});

it('the end of a batch has the members of its table', async () => {
  const progress = { total: 1, nowSucceeded: 1, failedAgain: 0, skipped: 0 } as never;
  const batch = {
    batchId: 'b',
    runId: 'r',
    status: 'completed',
    startedAt: 1,
    endedAt: 2,
    progress,
  } as const;
  expect(await membersOfEvent({ type: 'batch.ended', ...batch })).toEqual(
    namesIn('`data` of `batch.ended`').sort(),
  );
});

it('an alert has the members of its table', async () => {
  const alert: Alert = {
    id: 'i',
    condition: 'agent_unreachable',
    subject: 'a',
    agent: 'a',
    since: 1,
    summary: 's',
    values: {},
    firedAt: 2,
    isAnnounced: true,
  };
  const change = { type: 'alert.fired', at: 3, sequence: 1, series: 's', alert } as const;
  const members = [...(await membersOfEvent(change)), 'direct'];
  expect(members.sort()).toEqual(namesIn('`data` of `alert.*`').sort());
  expect(Object.keys(alertData(alert, { direct: true })).sort()).toEqual(members);
});
