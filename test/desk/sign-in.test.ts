/** Signing in at the desk: with a key, until it ends, and only for what the key may do. */
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { says } from '../api/scripts.ts';
import { findBrowser, whyNoBrowser } from '../rig/browser.ts';
import type { Json } from '../rig/http-client.ts';
import { axeFindings, overflowPx } from './axe.ts';
import { submitKey } from './sign-in-at.ts';
import { useDesk } from './use-desk.ts';

const bootstrap = 'key-of-the-desk-0123456789';
const unauthorized = [/status of 401/];

describe.skipIf(findBrowser() === undefined)(`signing in at the desk${whyNoBrowser}`, () => {
  const desk = useDesk({ HOLDFAST_API_KEYS: bootstrap });
  let call = '';
  beforeAll(async () => {
    await desk.node.agent('helper', says('hello'));
    await desk.node.agent('other', says('hello'));
    call = String((await desk.node.http.call({ agent_name: 'helper', prompt: 'x' })).body.call_id);
  });

  const createKey = async (request: Json): Promise<{ id: string; key: string }> => {
    const { status, body } = await desk.node.http.post('/api/vps/keys', request);
    expect(status).toBe(201);
    return { id: String(body.id), key: String(body.key) };
  };

  const openAs = async (path: string, key: string, expected: readonly RegExp[] = []): Promise<Page> => {
    const page = await desk.open(path, {}, expected);
    await submitKey(page, key);
    await page.getByRole('button', { name: /^Signed in/ }).waitFor();
    return page;
  };

  it('says why a key is refused, and then shows the page that was asked for', async () => {
    const page = await desk.open('/calls?status=completed', {}, unauthorized);
    await submitKey(page, 'not-a-key');
    await page.getByRole('alert').getByText('not an API key of this node').waitFor();
    expect(await page.getByRole('navigation').getByRole('link').count()).toBe(0);

    await submitKey(page, bootstrap);
    await page.getByRole('link', { name: call.slice(0, 13) }).waitFor();
    expect(new URL(page.url()).search).toBe('?status=completed');
  });

  it('leaves nothing in the browser but a cookie that scripts cannot read', async () => {
    const page = await openAs('/', bootstrap);
    expect(await page.evaluate('document.cookie')).toBe('');
    expect(await page.evaluate('Object.keys(localStorage).sort()')).toEqual([
      'holdfast-theme',
      'holdfast-time-zone',
    ]);
    expect(await page.evaluate('Object.keys(sessionStorage)')).toEqual([]);
    const cookies = await page.context().cookies();
    expect(cookies).toMatchObject([{ name: 'holdfast_desk', httpOnly: true, sameSite: 'Strict' }]);
    expect(JSON.stringify(cookies)).not.toContain(bootstrap);
  });

  it('lasts over reloads, until the user signs out', async () => {
    const page = await openAs(`/calls/${call}`, bootstrap);
    await page.reload();
    await page.getByRole('region', { name: 'Answer' }).waitFor();
    await page.getByRole('button', { name: /^Signed in/ }).click();
    await page.getByRole('dialog').getByText('bootstrap key').waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('API key').waitFor();
    await page.reload();
    await page.getByLabel('API key').waitFor();
    expect(await page.context().cookies()).toEqual([]);
  });

  it('ends when the key is revoked: the page says so, and goes on with another key', async () => {
    const { id, key } = await createKey({ name: 'guest', scopes: ['read'] });
    // The node cuts the stream off.
    const page = await openAs('/calls', key, [...unauthorized, /ERR_INCOMPLETE_CHUNKED_ENCODING/]);
    await page.getByText('Live').waitFor();
    await desk.node.http.delete(`/api/vps/keys/${id}`);
    await page.getByText(`The API key '${id}' was revoked`).waitFor();
    await submitKey(page, bootstrap);
    await page.getByText('Live').waitFor();
  });

  it('offers a link to sign in with the organisation where that is possible', async () => {
    const page = await desk.open('/');
    await page.route('**/api/vps/sign-in', async (route) => {
      const answer = await route.fetch();
      await route.fulfill({ json: { ...((await answer.json()) as Json), methods: ['key', 'oidc'] } });
    });
    await page.goto(`${desk.node.http.url}/calls?status=failed`);
    const link = page.getByRole('link', { name: 'Sign in with your organisation' });
    expect(await link.getAttribute('href')).toBe('/api/vps/sign-in/oidc?to=%2Fcalls%3Fstatus%3Dfailed');
  });

  it.each([
    { colorScheme: 'light', viewport: { width: 390, height: 844 } },
    { colorScheme: 'dark', viewport: { width: 1280, height: 800 } },
  ] as const)('shows pages that are fully visible and accessible: %o', async (look) => {
    const page = await desk.open('/', look, unauthorized);
    await submitKey(page, 'not-a-key');
    await page.getByRole('alert').waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await submitKey(page, bootstrap);
    await page.getByRole('button', { name: /^Signed in/ }).click();
    await page.getByRole('dialog').waitFor();
    expect(await axeFindings(page)).toEqual([]);
    expect(await overflowPx(page)).toBe(0);
  });

  describe('with a key that may not do everything', () => {
    it('offers a reader nothing that changes anything', async () => {
      const { key } = await createKey({ name: 'reader', scopes: ['read'] });
      const page = await openAs(`/calls/${call}`, key);
      await page.getByRole('region', { name: 'Answer' }).waitFor();
      expect(await page.getByRole('navigation', { name: 'Pages' }).getByRole('link').allInnerTexts()).toEqual(
        ['Overview', 'Calls', 'Batches', 'Agents', 'Sessions', 'Alerts', 'Webhooks'],
      );
      expect(await page.getByRole('button', { name: /Rerun|Cancel/ }).count()).toBe(0);

      await page.getByRole('link', { name: 'Agents' }).click();
      await page.getByRole('article', { name: 'helper' }).waitFor();
      expect(await page.getByRole('button', { name: /Register|Edit|Remove|Probe|Reset/ }).count()).toBe(0);
      expect(await page.getByRole('region', { name: 'Nodes' }).count()).toBe(0);

      await page.getByRole('article', { name: 'helper' }).getByRole('link', { name: 'helper' }).click();
      await page.getByRole('region', { name: 'Configuration' }).waitFor();
      expect(await page.getByRole('region', { name: 'Try it' }).count()).toBe(0);
      expect(await page.getByRole('button').allInnerTexts()).not.toContain('Send');

      await page.goto(`${desk.node.http.url}/keys`);
      await page.getByText('This page needs the scope admin').waitFor();
    });

    it('offers an operator reruns at the agents that the key may call', async () => {
      const { key } = await createKey({ name: 'op', scopes: ['read', 'operate'], agents: ['help*'] });
      const other = (await desk.node.http.call({ agent_name: 'other', prompt: 'x' })).body.call_id;
      const page = await openAs(`/calls/${String(other)}`, key);
      await page.getByRole('region', { name: 'Answer' }).waitFor();
      expect(await page.getByRole('button', { name: 'Rerun' }).count()).toBe(0);
      await page.goto(`${desk.node.http.url}/calls/${call}`);
      await page.getByRole('button', { name: 'Rerun' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Rerun the call' }).click();
      await page.getByText('The rerun was accepted').waitFor();
      await page.getByRole('link', { name: 'Agents' }).click();
      await page.getByRole('button', { name: 'Probe now helper' }).waitFor();
      expect(await page.getByRole('button', { name: /Register|Edit|Remove/ }).count()).toBe(0);
      await page.getByRole('link', { name: 'Calls', exact: true }).click();
      await page.getByRole('table').waitFor();
      expect(await page.getByRole('button', { name: 'Rerun all failed' }).count()).toBe(0);
    });

    it('says so to a key that may only call', async () => {
      const { key } = await createKey({ name: 'caller', scopes: ['call'] });
      const page = await openAs('/', key);
      await page.getByText('This page needs the scope read').waitFor();
    });
  });

  describe('the CSRF token', () => {
    const rerun = async (page: Page): Promise<void> => {
      await page.getByRole('button', { name: 'Rerun' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Rerun the call' }).click();
      await page.getByText('The rerun was accepted').waitFor();
    };

    it('goes with changes, which are refused without it', async () => {
      const page = await openAs(`/calls/${call}`, bootstrap, [/status of 403/]);
      const sent = page.waitForRequest(/\/rerun$/);
      await rerun(page);
      expect(await (await sent).headerValue('Holdfast-CSRF-Token')).toMatch(/./);
      const status = await page.evaluate(
        async (url) => (await fetch(url, { method: 'POST' })).status,
        `/api/vps/calls/${call}/rerun`,
      );
      expect(status).toBe(403);
    });

    it('is renewed if the user has signed in again in another tab', async () => {
      const page = await openAs(`/calls/${call}`, bootstrap, [/status of 403/]);
      await page.getByRole('region', { name: 'Answer' }).waitFor();
      await page.evaluate(
        (body) =>
          fetch('/api/vps/sign-in', {
            method: 'POST',
            body,
            headers: { 'Content-Type': 'application/json' },
          }),
        JSON.stringify({ api_key: bootstrap }),
      );
      await rerun(page);
    });
  });
});
