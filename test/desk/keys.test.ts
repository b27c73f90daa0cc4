/** The desk's pages of keys and projects. */
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { says } from '../api/scripts.ts';
import { findBrowser, whyNoBrowser } from '../rig/browser.ts';
import { HttpClient, type Json } from '../rig/http-client.ts';
import { axeFindings, overflowPx } from './axe.ts';
import { submitKey } from './sign-in-at.ts';
import { useDesk, type DeskInUse } from './use-desk.ts';

const bootstrap = 'key-of-the-desk-0123456789';
/** A stream that is cut off, a request without a valid key, a refused one. */
const endings = [/status of 401/, /status of 409/, /ERR_INCOMPLETE_CHUNKED_ENCODING/];
const looks = [
  { colorScheme: 'light', viewport: { width: 390, height: 844 } },
  { colorScheme: 'dark', viewport: { width: 1280, height: 800 } },
] as const;

async function openAs(desk: DeskInUse, path: string, key = bootstrap, look = {}): Promise<Page> {
  const page = await desk.open(path, look, endings);
  await submitKey(page, key);
  await page.getByRole('heading', { level: 1 }).getByText('Sign in').waitFor({ state: 'detached' });
  return page;
}

/** Reads the key that the dialog shows, and closes the dialog. Escape does not close it. */
async function takeKey(page: Page): Promise<string> {
  const dialog = page.getByRole('dialog', { name: /^The key/ });
  await dialog.getByText('it is not shown again').waitFor();
  for (let times = 0; times < 3; times++) await page.keyboard.press('Escape');
  const key = await dialog.getByRole('group', { name: 'the key' }).innerText();
  await dialog.getByRole('button', { name: 'Copy the key' }).waitFor();
  await dialog.getByRole('button', { name: 'I have copied it' }).click();
  await dialog.waitFor({ state: 'detached' });
  return key;
}

async function createKey(page: Page, name: string): Promise<string> {
  await page.getByRole('button', { name: 'Create a key' }).click();
  await page.getByLabel('Name').fill(name);
  await page.getByRole('button', { name: 'Create the key' }).click();
  return takeKey(page);
}

describe.skipIf(findBrowser() === undefined)(`the page of the keys${whyNoBrowser}`, () => {
  const desk = useDesk({ HOLDFAST_API_KEYS: bootstrap });
  const statusWith = async (key: string): Promise<number> =>
    (await new HttpClient(desk.node.http.url, key).get('/api/vps/calls')).status;
  const keyNamed = async (name: string): Promise<Json | undefined> =>
    ((await desk.node.http.get('/api/vps/keys')).body.keys as Json[]).find((one) => one.name === name);

  it('creates a key that works, shows it once, and revokes it', async () => {
    const page = await openAs(desk, '/keys');
    const key = await createKey(page, 'app');
    expect(await statusWith(key)).toBe(200);
    expect(await page.content()).not.toContain(key);
    await page.reload();
    const card = page.getByRole('article', { name: /^app/ });
    await card.getByText('call, read').waitFor();
    expect(await page.content()).not.toContain(key);

    await card.getByRole('button', { name: 'Revoke' }).click();
    await page.getByRole('button', { name: 'Revoke the key' }).click();
    await page.getByText('1 key revoked, expired or of a closed project').click();
    await card.getByText('revoked', { exact: true }).waitFor();
    expect(await statusWith(key)).toBe(401);
  });

  it('takes everything that a key can have', async () => {
    await desk.node.http.post('/api/vps/projects', { name: 'crm' });
    const page = await openAs(desk, '/keys?project=crm');
    await page.getByRole('button', { name: 'Create a key' }).click();
    await page.getByLabel('Name').fill('full');
    await page.getByRole('checkbox', { name: /^read/ }).uncheck();
    await page.getByRole('checkbox', { name: /^operate/ }).check();
    await page.getByLabel('Agents that it may call').fill('pm-*\nhelper');
    await page.getByLabel('Expires in days').fill('90');
    await page.getByRole('dialog').getByText('Limits').click();
    await page.getByLabel('Requests a minute').fill('100');
    await page.getByLabel('Calls in flight').fill('3');
    await page.getByLabel('Calls a day').fill('1000');
    await page.getByLabel('Largest prompt').fill('5000');
    await page.getByRole('button', { name: 'Create the key' }).click();
    await takeKey(page);
    const made = await keyNamed('full');
    expect(made).toMatchObject({
      project: 'crm',
      scopes: ['call', 'operate'],
      agents: ['pm-*', 'helper'],
      limits: { requests_per_minute: 100, calls_in_flight: 3, calls_per_day: 1_000, max_prompt_bytes: 5_000 },
    });
    const days = (Date.parse(String(made?.expires_at)) - Date.parse(String(made?.created_at))) / 86_400_000;
    expect(days).toBeCloseTo(90);

    const card = page.getByRole('article', { name: /^full/ });
    await card.getByRole('button', { name: 'Limits' }).click();
    await page.getByLabel('Calls in flight').fill('');
    await page.getByLabel('Calls a day').fill('50');
    await page.getByRole('button', { name: 'Save the limits' }).click();
    await card.getByText('calls a day (UTC): 50').waitFor();
    expect((await keyNamed('full'))?.limits).toMatchObject({ calls_in_flight: null, calls_per_day: 50 });
  });

  it('says what is missing, and sends nothing then', async () => {
    const page = await openAs(desk, '/keys');
    await page.getByRole('button', { name: 'Create a key' }).click();
    await page.getByLabel('Name').fill('odd');
    await page.getByRole('checkbox', { name: /^call/ }).uncheck();
    await page.getByRole('checkbox', { name: /^read/ }).uncheck();
    await page.getByRole('button', { name: 'Create the key' }).click();
    await page.getByRole('alert').getByText('Choose what the key may do').waitFor();
    await page.getByRole('checkbox', { name: /^admin/ }).check();
    expect(await page.getByLabel('Agents that it may call').count()).toBe(0);
    expect(await keyNamed('odd')).toBeUndefined();
  });

  it('rotates a key: both secrets are valid until the first one ends', async () => {
    const page = await openAs(desk, '/keys');
    const first = await createKey(page, 'turning');
    const rotate = async (hours: string): Promise<string> => {
      await page.getByRole('button', { name: 'Rotate turning' }).click();
      await page.getByLabel(/^Hours/).fill(hours);
      await page.getByRole('button', { name: 'Rotate the key' }).click();
      return takeKey(page);
    };
    const second = await rotate('1');
    expect([await statusWith(first), await statusWith(second)]).toEqual([200, 200]);
    const third = await rotate('0');
    expect([await statusWith(second), await statusWith(third)]).toEqual([401, 200]);
  });

  it('keeps those signed in who rotate their own key, and signs them out if they revoke it', async () => {
    const own = { name: 'own', scopes: ['admin'] };
    const { key } = (await desk.node.http.post('/api/vps/keys', own)).body;
    const page = await openAs(desk, '/keys', String(key));
    await page.getByRole('button', { name: 'Rotate own' }).click();
    await page.getByLabel(/^Hours/).fill('0');
    await page.getByRole('button', { name: 'Rotate the key' }).click();
    await page.getByText('You are signed in with it now').waitFor();
    await takeKey(page);
    await page.reload();
    await page.getByRole('button', { name: 'Revoke own' }).click();
    await page.getByText('so this signs you out').waitFor();
    await page.getByRole('button', { name: 'Revoke the key' }).click();
    await page.getByRole('alert').getByText(/admin/).first().waitFor(); // It is the last key with that scope.
    await desk.node.http.post('/api/vps/keys', { name: 'successor', scopes: ['admin'] });
    await page.getByRole('button', { name: 'Revoke the key' }).click();
    await page.getByText('You are signed out').waitFor();
  });

  it.each(looks)('is fully visible and accessible: %o', async (look) => {
    const page = await openAs(desk, '/keys', bootstrap, look);
    await page.getByRole('article').first().waitFor();
    expect(await axeFindings(page)).toEqual([]);
    expect(await overflowPx(page)).toBe(0);
    await page.getByRole('button', { name: 'Create a key' }).click();
    await page.getByRole('dialog').getByText('Limits').click();
    expect(await axeFindings(page)).toEqual([]);
    await page.getByLabel('Name').fill('shown');
    await page.getByRole('button', { name: 'Create the key' }).click();
    await page.getByText('it is not shown again').waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await takeKey(page);
  });
});

describe.skipIf(findBrowser() === undefined)(`the page of the projects${whyNoBrowser}`, () => {
  const desk = useDesk({ HOLDFAST_API_KEYS: bootstrap });

  it('creates a project, limits it and closes it, which ends its keys', async () => {
    const page = await openAs(desk, '/projects');
    expect(await page.getByLabel('Project').count()).toBe(0);
    await page.getByRole('button', { name: 'Create a project' }).click();
    await page.getByLabel('Name').fill('billing');
    await page.getByRole('button', { name: 'Create the project' }).click();
    const card = page.getByRole('article', { name: 'billing' });
    await card.getByText('open', { exact: true }).waitFor();
    await page.getByLabel('Project').selectOption('default');

    await card.getByRole('button', { name: 'Limits' }).click();
    await page.getByLabel('Calls a day').fill('7');
    await page.getByRole('button', { name: 'Save the limits' }).click();
    await card.getByText('calls a day (UTC): 7').waitFor();

    const request = { name: 'b', project: 'billing', scopes: ['read'] };
    const { key } = (await desk.node.http.post('/api/vps/keys', request)).body;
    const http = new HttpClient(desk.node.http.url, String(key));
    expect((await http.get('/api/vps/calls')).status).toBe(200);
    await page.reload();
    await card.getByRole('button', { name: 'Close' }).click();
    await page.getByText('Its valid key opens nothing from then on').waitFor();
    await page.getByRole('button', { name: 'Close the project' }).click();
    await card.getByText('closed', { exact: true }).waitFor();
    expect((await http.get('/api/vps/calls')).status).toBe(401);
    expect(await card.getByRole('button').count()).toBe(0);

    await page.getByRole('button', { name: 'Create a project' }).click();
    await page.getByLabel('Name').fill('billing');
    await page.getByRole('button', { name: 'Create the project' }).click();
    await page.getByRole('alert').getByText('choose another name').waitFor();
  });

  it('registers an agent for one project', async () => {
    await desk.node.http.post('/api/vps/projects', { name: 'crm' });
    const agent = await desk.node.agent('shared', says('hello'));
    const page = await openAs(desk, '/agents');
    await page.getByRole('button', { name: 'Register an agent' }).click();
    await page.getByLabel('Name').fill('of-crm');
    await page.getByLabel('Port').fill(String(agent.port));
    await page.getByRole('dialog').getByText('More').click();
    await page.getByLabel('Only for the project').selectOption('crm');
    await page.getByRole('button', { name: 'Register', exact: true }).click();
    await page.getByRole('article', { name: 'of-crm' }).getByText('only for crm').waitFor();
  });

  it.each(looks)('is fully visible and accessible: %o', async (look) => {
    const page = await openAs(desk, '/projects', bootstrap, look);
    await page.getByRole('article').first().waitFor();
    expect(await axeFindings(page)).toEqual([]);
    expect(await overflowPx(page)).toBe(0);
    await page.getByRole('button', { name: 'Create a project' }).click();
    expect(await axeFindings(page)).toEqual([]);
  });
});

describe.skipIf(findBrowser() === undefined)(`the first key${whyNoBrowser}`, () => {
  const desk = useDesk();

  it('closes an open node, and whoever creates it at the desk is signed in with it', async () => {
    const page = await desk.open('/keys', {}, endings);
    await page.getByText('No keys yet').waitFor();
    expect(await page.getByRole('button', { name: /^Signed in/ }).count()).toBe(0);
    await page.getByRole('button', { name: 'Create a key' }).click();
    await page.getByText('Its first key closes it').waitFor();
    await page.getByLabel('Name').fill('first');
    await page.getByRole('button', { name: 'Create the key' }).click();
    await page.getByText('You are signed in with it now').waitFor();
    const key = await takeKey(page);
    await page.getByRole('article', { name: /^first/ }).waitFor();
    await page.getByRole('button', { name: /^Signed in: first/ }).waitFor();
    expect((await desk.node.http.get('/api/vps/calls')).status).toBe(401);
    expect((await new HttpClient(desk.node.http.url, key).get('/api/vps/calls')).status).toBe(200);
  });
});
