/** The desk's pages of webhooks. */
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import type { Webhook } from '../../src/contract/webhooks.ts';
import { dayOf, newDeliveries } from '../../src/domain/delivery-state.ts';
import { createFileStore } from '../../src/payloads/file-store.ts';
import { DeliveryFiles, type DeliveryEntry } from '../../src/services/webhooks/delivery-files.ts';
import { echo } from '../api/scripts.ts';
import { findBrowser, whyNoBrowser } from '../rig/browser.ts';
import type { Json } from '../rig/http-client.ts';
import { useReceiver } from '../rig/use-receiver.ts';
import { axeFindings, overflowPx } from './axe.ts';
import { submitKey } from './sign-in-at.ts';
import { useDesk } from './use-desk.ts';

const bootstrap = 'key-of-the-desk-0123456789';
/** A request without a valid key, a refused one. */
const endings = [/status of 401/, /status of 4\d\d/];
const looks = [
  { colorScheme: 'light', viewport: { width: 390, height: 844 } },
  { colorScheme: 'dark', viewport: { width: 1280, height: 800 } },
] as const;
const allEvents = [
  'call.completed',
  'call.failed',
  'call.cancelled',
  'agent.state_changed',
  'batch.ended',
  'alert.fired',
  'alert.resolved',
];

describe.skipIf(findBrowser() === undefined)(`the pages of the webhooks${whyNoBrowser}`, () => {
  const desk = useDesk({ HOLDFAST_API_KEYS: bootstrap });
  const receiver = useReceiver();

  async function openAs(path: string, look = {}, key = bootstrap): Promise<Page> {
    const page = await desk.open(path, look, endings);
    await submitKey(page, key);
    await page.getByRole('heading', { level: 1 }).getByText('Sign in').waitFor({ state: 'detached' });
    return page;
  }

  async function create(name: string, more: Json = {}): Promise<Webhook> {
    const request = { name, url: receiver.url(name), events: ['call.completed'], ...more };
    const answer = await desk.node.http.post('/api/vps/webhooks', request);
    expect(answer.status).toBe(201);
    return answer.body as unknown as Webhook;
  }

  const named = async (name: string): Promise<Webhook | undefined> =>
    ((await desk.node.http.get('/api/vps/webhooks')).body.webhooks as Webhook[]).find(
      (one) => one.name === name,
    );

  /** Reads the secret that the dialog shows, and closes the dialog. Escape does not close it. */
  async function takeSecret(page: Page): Promise<string> {
    const dialog = page.getByRole('dialog', { name: /^The secret/ });
    await dialog.getByText('it is not shown again').waitFor();
    await page.keyboard.press('Escape');
    const secret = await dialog.getByRole('group', { name: 'the secret' }).innerText();
    await dialog.getByRole('button', { name: 'Copy the secret' }).waitFor();
    await dialog.getByRole('button', { name: 'I have copied it' }).click();
    await dialog.waitFor({ state: 'detached' });
    return secret;
  }

  /** Puts tries of long ago into the log, and counts the parked ones. Only for a webhook of which nothing was sent. */
  async function putDeliveries(webhook: Webhook, outcomes: readonly DeliveryEntry['outcome'][]) {
    const files = new DeliveryFiles(createFileStore(join(desk.node.dataDir, 'payloads')));
    const now = Date.now() - 60_000;
    const entries = outcomes.map((outcome, index): DeliveryEntry => ({
      segment: 0,
      index,
      eventId: `evt_${index.toString(16).padStart(4, '0')}`,
      type: 'call.completed',
      about: `call-${index}`,
      happenedAt: now - 1_000 + index,
      at: now + index,
      outcome,
      tries: 1,
      ...(outcome === 'delivered' ? { status: 200 } : { error: 'connection refused' }),
    }));
    await files.append(webhook.id, now, entries);
    const parked = outcomes.filter((one) => one === 'parked').length;
    await files.writeState(webhook.id, {
      ...newDeliveries(1_000_000),
      parked: { [dayOf(Date.now())]: parked },
    });
  }

  it('creates a webhook, shows its secret once, and edits it; what is not changed stays', async () => {
    const page = await openAs('/webhooks');
    await page.getByText('No webhooks yet').waitFor();
    await page.getByRole('button', { name: 'Create a webhook' }).click();
    const form = page.getByRole('dialog');
    await form.getByLabel(/^Name/).fill('crm');
    await form.getByLabel(/^URL/).fill(receiver.url('path-of-crm'));
    for (const type of ['call.completed', 'call.cancelled'])
      await form.getByRole('checkbox', { name: new RegExp(`^${type}`) }).uncheck();
    await form.getByRole('checkbox', { name: /^batch.ended/ }).check();
    await form.getByText('Only some of them').click();
    await form.getByLabel(/^Agents/).fill('pm-*\nhelper');
    await form.getByLabel('Session id begins with').fill('order-');
    await form.getByLabel(/^User/).fill('ada');
    await form.getByLabel(/^Metadata/).fill('channel=web\ntier=2');
    await form.getByRole('checkbox', { name: /^With content/ }).check();
    await form.getByRole('checkbox', { name: /^In order/ }).check();
    await form.getByLabel(/^Written as/).selectOption('slack');
    await form.getByRole('button', { name: 'Create the webhook' }).click();
    expect(await takeSecret(page)).toMatch(/^whsec_/);
    expect(await page.content()).not.toContain('whsec_');
    expect(await page.content()).not.toContain('path-of-crm');
    const full = {
      events: ['call.failed', 'batch.ended'],
      agents: ['pm-*', 'helper'],
      session_prefix: 'order-',
      user_id: 'ada',
      metadata: { channel: 'web', tier: 2 },
      ordered: true,
      include_content: true,
      format: 'slack',
    };
    expect(await named('crm')).toMatchObject(full);

    const card = page.getByRole('article', { name: /^crm/ });
    await card.getByText('metadata channel=web tier=2').waitFor();
    await card.getByRole('button', { name: 'Edit crm' }).click();
    await form.getByLabel(/^Name/).fill('crm two');
    await form.getByLabel(/^User/).fill('');
    await form.getByLabel(/^Agents/).fill('');
    await form.getByRole('checkbox', { name: /^With content/ }).uncheck();
    await form.getByLabel(/^Written as/).selectOption('standard');
    await form.getByRole('button', { name: 'Save' }).click();
    await form.waitFor({ state: 'detached' });
    expect(await named('crm two')).toMatchObject({
      ...full,
      agents: null,
      user_id: null,
      include_content: false,
      format: 'standard',
    });
    await page.getByRole('button', { name: 'Send test event to crm two' }).click();
    await page
      .getByRole('status')
      .getByText(/crm two took the test event: HTTP 200/)
      .waitFor();
    expect(receiver.got('path-of-crm')).toMatchObject([{ body: { type: 'webhook.test' } }]);
  });

  it('says what is missing or refused, and keeps the form', async () => {
    const page = await openAs('/webhooks');
    await page.getByRole('button', { name: 'Create a webhook' }).click();
    const form = page.getByRole('dialog');
    await form.getByLabel(/^Name/).fill('odd');
    await form.getByLabel(/^URL/).fill('http://10.0.0.1/');
    await form.getByText('Only some of them').click();
    await form.getByLabel(/^Metadata/).fill('channel');
    await form.getByRole('button', { name: 'Create the webhook' }).click();
    await form.getByRole('alert').getByText("'channel' is not name=value").waitFor();
    await form.getByLabel(/^Metadata/).fill('');
    await form.getByRole('button', { name: 'Create the webhook' }).click();
    await form.getByRole('alert').getByText('Webhooks may not be sent to this address').waitFor();
    for (const box of await form.getByRole('checkbox').all()) await box.uncheck();
    await form.getByRole('button', { name: 'Create the webhook' }).click();
    await form.getByRole('alert').getByText('Choose the events').waitFor();
    await page.keyboard.press('Escape');
    await form.waitFor({ state: 'detached' });
    expect(await named('odd')).toBeUndefined();
  });

  it('shows what a receiver answers to a test, makes a new secret, switches off and on, and removes', async () => {
    await create('changing');
    receiver.answer('changing', 500);
    const page = await openAs('/webhooks');
    const card = page.getByRole('article', { name: /^changing/ });
    await card.getByRole('button', { name: 'Send test event' }).click();
    await card.getByRole('alert').getByText(/500/).waitFor();
    await card.getByRole('button', { name: 'New secret' }).click();
    await page.getByLabel(/^Hours/).fill('2');
    await page.getByRole('button', { name: 'Make a new secret' }).click();
    expect(await takeSecret(page)).toMatch(/^whsec_/);
    await card.getByText('Secret before signs until').waitFor();

    await card.getByRole('button', { name: 'Switch off' }).click();
    await page.getByRole('button', { name: 'Switch it off' }).click();
    await card.getByText('switched off', { exact: true }).waitFor();
    expect((await named('changing'))?.status).toBe('disabled');
    await card.getByRole('button', { name: 'Switch on' }).click();
    await page.getByRole('button', { name: 'Switch it on' }).click();
    await card.getByText('active', { exact: true }).waitFor();

    await card.getByRole('button', { name: 'Remove' }).click();
    await page.getByRole('button', { name: 'Remove the webhook' }).click();
    await card.waitFor({ state: 'detached' });
    expect(await named('changing')).toBeUndefined();
  });

  it('lists the deliveries of a webhook, and sends one again with the same id', async () => {
    await desk.node.agent('helper', echo);
    const { id } = await create('delivering');
    const page = await openAs(`/webhooks/${id}`);
    await page.getByText('No deliveries yet').waitFor();
    const { call_id: callId } = (await desk.node.http.call({ agent_name: 'helper', prompt: 'x' })).body;
    const row = page.getByRole('row', { name: /delivered call.completed/ }).first();
    await row.waitFor({ timeout: 45_000 });
    expect(await row.getByRole('link').getAttribute('href')).toBe(`/calls/${String(callId)}`);
    await row.getByRole('button', { name: 'Redeliver' }).click();
    await page.getByRole('button', { name: 'Send it again' }).click();
    await expect.poll(() => receiver.got('delivering').length, { timeout: 45_000 }).toBe(2);
    const [first, second] = receiver.got('delivering');
    expect(second?.id).toBe(first?.id);

    await page.getByRole('button', { name: 'Redeliver a time' }).click();
    await page.getByLabel(/^Happened/).fill('2026-01-01T00:00');
    await page.getByLabel(/^And not after/).fill('2096-01-01T00:00');
    await page.getByRole('checkbox', { name: /^Also those/ }).check();
    await page.getByRole('button', { name: 'Send them again' }).click();
    await expect.poll(() => receiver.got('delivering').length, { timeout: 45_000 }).toBe(3);
    await page.getByRole('link', { name: 'Failed' }).click();
    await page.getByText('Nothing failed').waitFor();
    expect(page.url()).toContain('outcome=failed');
  });

  it('pages through the log, shows only what was parked, and offers to send that again', async () => {
    const webhook = await create('parking', { events: ['call.failed'] });
    await putDeliveries(
      webhook,
      Array.from({ length: 60 }, (_none, index) => (index === 0 ? 'parked' : 'delivered')),
    );
    const page = await openAs(`/webhooks/${webhook.id}`);
    await page.getByRole('row', { name: /call-59/ }).waitFor();
    expect(await page.getByRole('row').count()).toBe(51);
    await page.getByRole('button', { name: 'Older deliveries' }).click();
    await page.getByRole('row', { name: /parked .*call-0/ }).waitFor();
    expect(await page.getByRole('row').count()).toBe(61);
    expect(await page.getByRole('button', { name: 'Older deliveries' }).count()).toBe(0);
    await page.getByRole('link', { name: 'Parked' }).click();
    await expect.poll(() => page.getByRole('row').count()).toBe(2);
    await page.getByRole('row', { name: /parked/ }).waitFor();
    await page.getByRole('button', { name: 'Redeliver parked' }).click();
    await page.getByText('1 event was given up').waitFor();
    await page.getByRole('button', { name: 'Send them again' }).click();
    await page.getByText('The parked events are sent again').waitFor();
  });

  it("shows what has become of a call's callback, and sends it again", async () => {
    await desk.node.agent('called', echo);
    const request = { agent_name: 'called', prompt: 'x', callback_url: receiver.url('callback') };
    const { call_id: callId } = (await desk.node.http.call(request)).body;
    const path = `/api/vps/calls/${String(callId)}`;
    await expect
      .poll(async () => (await desk.node.http.get(path)).body.callback, { timeout: 45_000 })
      .toBe('delivered');
    const page = await openAs(`/calls/${String(callId)}`);
    await page.locator('.facts').getByText('delivered', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Send callback again' }).click();
    await page.getByRole('button', { name: 'Send it again' }).click();
    await expect.poll(() => receiver.got('callback').length, { timeout: 45_000 }).toBe(2);
  });

  it('shows those of all projects, and changes them in their own project', async () => {
    await desk.node.http.post('/api/vps/projects', { name: 'ops' });
    const request = { name: 'of-ops', url: receiver.url('of-ops'), events: ['batch.ended'] };
    await desk.node.http.post('/api/vps/webhooks', request, { 'Holdfast-Project': 'ops' });
    const page = await openAs('/webhooks?project=*');
    const card = page.getByRole('article', { name: /^of-ops/ });
    await card.getByText('ops', { exact: true }).waitFor();
    expect(await page.locator('main').getByRole('button').count()).toBe(0);
    await card.getByRole('link', { name: 'Deliveries of of-ops' }).click();
    await page.getByRole('button', { name: 'Switch off of-ops' }).waitFor();
    expect(page.url()).toContain('project=ops');
    await page.getByLabel('Project').selectOption('default');
    await page.getByRole('button', { name: 'Create a webhook' }).waitFor();
  });

  it('offers no changes to a key that only reads', async () => {
    const { id } = await create('read-only');
    const { key } = (await desk.node.http.post('/api/vps/keys', { name: 'reader', scopes: ['read'] })).body;
    const page = await openAs('/webhooks', {}, String(key));
    const card = page.getByRole('article', { name: /^read-only/ });
    await card.getByRole('link', { name: 'Deliveries of read-only' }).click();
    await page.getByText('No deliveries yet').waitFor();
    expect(page.url()).toContain(`/webhooks/${id}`);
    expect(await page.locator('main').getByRole('button').count()).toBe(0);
  });

  it('is used by keyboard alone: the form opens, closes and gives the focus back', async () => {
    const page = await openAs('/webhooks');
    const button = page.getByRole('button', { name: 'Create a webhook' });
    await button.focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('dialog').waitFor({ state: 'detached' });
    expect(await page.evaluate('document.activeElement.innerText')).toBe('Create a webhook');
  });

  it.each(looks)('is fully visible and accessible: %o', async (look) => {
    const webhook = await create(`looked-at-${look.colorScheme}`, {
      events: allEvents,
      agents: ['pm-*'],
      metadata: { channel: 'web' },
    });
    await putDeliveries(webhook, ['parked', 'failed', 'delivered', 'dropped']);
    const page = await openAs('/webhooks', look);
    await page.getByRole('article').first().waitFor();
    expect(await axeFindings(page)).toEqual([]);
    expect(await overflowPx(page)).toBe(0);
    await page.getByRole('button', { name: 'Create a webhook' }).click();
    await page.getByRole('dialog').getByText('Only some of them').click();
    expect(await axeFindings(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await page.getByRole('link', { name: `Deliveries of ${webhook.name}` }).click();
    await page.getByRole('table').waitFor();
    expect(await axeFindings(page)).toEqual([]);
    expect(await overflowPx(page)).toBe(0);
  });
});
