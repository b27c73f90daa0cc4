/** Calls that are chosen in the list are rerun or cancelled together, each once. */
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { gated } from '../api/scripts.ts';
import { findBrowser, whyNoBrowser } from '../rig/browser.ts';
import { axeFindings, overflowPx } from './axe.ts';
import { submitKey } from './sign-in-at.ts';
import { useDesk } from './use-desk.ts';

const boxesOf = (page: Page) => page.getByRole('checkbox', { name: /^Choose call/ });

describe.skipIf(findBrowser() === undefined)(`calls that are chosen in the list${whyNoBrowser}`, () => {
  const desk = useDesk();
  /** Makes calls to a new agent that fails until it is repaired, then answers. */
  const failing = async (name: string, calls: number) => {
    let repaired = false;
    const agent = await desk.node.agent(
      name,
      () => (repaired ? { body: { content: 'well' } } : { status: 401 }),
      { max_retries: 0 },
    );
    for (let sent = 0; sent < calls; sent++)
      await desk.node.http.call({ agent_name: name, prompt: `customer ${sent}` });
    repaired = true;
    agent.requests.length = 0;
    return agent;
  };
  const prompts = (agent: { requests: readonly { body: unknown }[] }): string[] =>
    agent.requests.map(
      ({ body }) => (body as { messages: { content: string }[] }).messages.at(-1)?.content ?? '',
    );

  it('are rerun once each, the oldest first, a range of them chosen with Shift', async () => {
    const agent = await failing('crm', 6);
    const page = await desk.open('/calls?status=failed&agent=crm');
    await expect.poll(() => boxesOf(page).count()).toBe(6);
    await boxesOf(page).nth(1).click();
    await boxesOf(page)
      .nth(4)
      .click({ modifiers: ['Shift'] });
    await page.getByText('4 calls chosen').waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await page.getByRole('button', { name: 'Rerun 4', exact: true }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Rerun 4 calls' }).click();
    await dialog.getByText('4 of 4 done').waitFor();
    expect(await dialog.getByText('rerun as').count()).toBe(4);
    expect(await axeFindings(page)).toEqual([]);
    await agent.waitForRequests(4);
    expect(new Set(prompts(agent))).toEqual(new Set([1, 2, 3, 4].map((sent) => `customer ${sent}`)));
    expect(agent.requests).toHaveLength(4);
    await dialog.getByRole('button', { name: 'Close' }).click();
    await page.getByRole('region', { name: 'Chosen calls' }).waitFor({ state: 'detached' });
  });

  it('are not rerun twice if an answer was lost, neither by the repetition nor by another try', async () => {
    const agent = await failing('shaky', 2);
    const page = await desk.open('/calls?status=failed&agent=shaky', {}, [
      /ERR_FAILED .*\/rerun$/,
      /status of 422/,
    ]);
    let lost = 0;
    await page.route('**/rerun', async (route) => {
      const answer = await route.fetch();
      if (lost++ > 0) await route.fulfill({ response: answer });
      else await route.abort();
    });
    await page.getByRole('checkbox', { name: 'Choose all calls shown' }).click();
    await page.getByRole('button', { name: 'Rerun 2', exact: true }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Rerun 2 calls' }).click();
    await dialog.getByText('2 of 2 done').waitFor();
    await dialog.getByText('was already rerun as').waitFor();
    expect(lost).toBe(3);
    await agent.waitForRequests(2);
    expect(prompts(agent).toSorted()).toEqual(['customer 0', 'customer 1']);
  });

  it('are cancelled together, by the keyboard alone, on a phone', async () => {
    const held = gated('too late');
    const agent = await desk.node.agent('held', held.script);
    for (let sent = 0; sent < 2; sent++)
      await desk.node.http.call({ agent_name: 'held', prompt: 'x' }, { Prefer: 'respond-async' });
    await agent.waitForRequests(2);
    const page = await desk.open('/calls?agent=held', { viewport: { width: 390, height: 844 } });
    await boxesOf(page).nth(1).waitFor();
    await boxesOf(page).first().focus();
    await page.keyboard.press('Space');
    await boxesOf(page).nth(1).focus();
    await page.keyboard.press('Shift+Space');
    await page.getByText('2 calls chosen').waitFor();
    expect(await overflowPx(page)).toBe(0);
    await page.getByRole('button', { name: 'Cancel 2', exact: true }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel 2 calls' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').getByText('2 of 2 done').waitFor();
    await page.keyboard.press('Escape');
    const rows = page.getByRole('row', { name: /cancelled.*held/ });
    await expect.poll(() => rows.count()).toBe(2);
    held.open();
  });
});

describe.skipIf(findBrowser() === undefined)(`the list for a key that may only read${whyNoBrowser}`, () => {
  const bootstrap = 'key-of-the-desk-0123456789';
  const desk = useDesk({ HOLDFAST_API_KEYS: bootstrap });

  it('lets nobody choose calls', async () => {
    await desk.node.agent('plain', () => ({ body: { content: 'hello' } }));
    await desk.node.http.call({ agent_name: 'plain', prompt: 'x' });
    const made = await desk.node.http.post('/api/vps/keys', { name: 'reader', scopes: ['read'] });
    const page = await desk.open('/calls');
    await submitKey(page, String(made.body['key']));
    await page.getByRole('row', { name: /plain/ }).waitFor();
    expect(await page.getByRole('checkbox').count()).toBe(0);
  });
});
