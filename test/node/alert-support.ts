/** What the tests of alerts have in common. */
import type { Client } from '@temporalio/client';
import { expect, onTestFinished } from 'vitest';
import { endingsId } from '../../src/domain/ids.ts';
import type { HttpClient, Json } from '../rig/http-client.ts';
import { Receiver, type Received } from '../rig/receiver.ts';

export const patiently = { timeout: 60_000, interval: 250 };
export const aMinute = { timeout: 110_000, interval: 500 };
/** Alerts that come soon. */
export const soon = {
  HOLDFAST_ENDINGS_MARGIN_SECONDS: '5',
  HOLDFAST_ALERT_CHECK_SECONDS: '1',
  HOLDFAST_ALERT_FOR_SECONDS: '3',
};

/** Three failures in a row: one failed call is no alert. */
export async function askThrice({ http }: { readonly http: HttpClient }, agent: string): Promise<void> {
  for (let call = 0; call < 3; call++) await http.call({ agent_name: agent, prompt: 'x' });
}

/** Starts a receiver, and creates a webhook that wants alerts. */
export async function alertReceiver(http: HttpClient): Promise<Receiver> {
  const receiver = new Receiver();
  await receiver.start();
  onTestFinished(() => receiver.kill());
  const { status, body } = await http.post('/api/vps/webhooks', {
    name: 'on call',
    url: receiver.url,
    events: ['alert.fired', 'alert.resolved'],
  });
  expect(status, JSON.stringify(body)).toBe(201);
  return receiver;
}

export async function alertsOf(http: HttpClient, query = ''): Promise<Json[]> {
  return (await http.get(`/api/vps/alerts${query}`)).body.alerts as Json[];
}

export const activeOf = async (http: HttpClient): Promise<string[]> =>
  (await alertsOf(http, '?state=active')).map(({ condition, subject }) =>
    `${String(condition)} ${String(subject)}`.trim(),
  );

/** What a receiver has taken of one condition, without what was sent directly. */
export const journalOf = ({ received }: Receiver, condition: string): string[] =>
  taken(received, condition).map(({ type }) => type);

export const taken = (received: readonly Received[], condition: string): Received[] =>
  received.filter(
    ({ data, status }) => status < 300 && data['condition'] === condition && data['direct'] !== true,
  );

/** What a facade has sent by itself. */
export const directIn = ({ received }: Receiver, condition: string): Received[] =>
  received.filter(({ data }) => data['condition'] === condition && data['direct'] === true);

export const ready = async (url: string): Promise<number> => (await fetch(`${url}/readyz`)).status;

/** Returns the id of the process that evaluates the cluster's alerts: that which reads endings. Undefined: none does. */
export async function evaluatorPid(temporal: Client): Promise<number | undefined> {
  const { raw } = await temporal.workflow.getHandle(endingsId).describe();
  const reading = raw.pendingActivities?.find(({ activityType }) => activityType?.name === 'readEndings');
  const [pid] = reading?.lastWorkerIdentity?.split('@') ?? [];
  return pid === undefined ? undefined : Number(pid);
}
