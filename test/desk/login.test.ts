/** What a real browser does with the cookie of the desk, and with pages of other sites. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { says } from '../api/scripts.ts';
import { findBrowser, openPage, whyNoBrowser } from '../rig/browser.ts';
import { useDesk } from './use-desk.ts';

const key = 'key-of-the-desk-0123456789';

/** Answers to requests without a key, or without the CSRF token. */
const refused = [/status of 40[13]/];

/** Starts another site with a page whose form is submitted to `target` as soon as it loads. */
async function startEvilPage(target: string): Promise<string> {
  const page = `<!doctype html><title>Evil</title><form method="post" action="${target}"></form>
<script>document.forms[0].submit()</script>`;
  const server = createServer((_request, response) => {
    response.setHeader('Content-Type', 'text/html').end(page);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close().closeAllConnections();
  });
  return `http://evil.example:${(server.address() as AddressInfo).port}/`;
}

describe.skipIf(findBrowser() === undefined)(`a node with API keys${whyNoBrowser}`, () => {
  const desk = useDesk({ HOLDFAST_API_KEYS: key });

  it('opens no password dialog, and shows nothing without a key', async () => {
    await desk.node.agent('helper', says('hello'));
    await desk.node.http.call({ agent_name: 'helper', prompt: 'a secret question' });
    // The browser would answer a dialog with these, and show the call.
    const httpCredentials = { username: 'anyone', password: key };
    const page = await desk.open('/', { httpCredentials }, refused);
    const status = await page.evaluate(async () => (await fetch('/api/vps/calls')).status);
    expect(status).toBe(401);
    expect(await page.content()).not.toContain('a secret question');
  });

  it('accepts changes from its own pages but not from a form of another site, also over plain HTTP', async () => {
    const { http } = desk.node;
    await desk.node.agent('keeper', says('kept'));
    await http.call({ agent_name: 'keeper', prompt: 'x', session_id: 'kept' });
    // Chromium sends no Sec-Fetch-Site to such an address.
    const plain = http.url.replace('127.0.0.1', 'gateway.example');
    const { page } = await openPage(desk.browser(), {}, refused);
    onTestFinished(() => page.context().close());
    await page.goto(plain);
    const csrfToken = await page.evaluate(async (api_key) => {
      const headers = { 'Content-Type': 'application/json' };
      const body = JSON.stringify({ api_key });
      const answer = await fetch('/api/vps/sign-in', { method: 'POST', headers, body });
      return ((await answer.json()) as { csrf_token: string }).csrf_token;
    }, key);
    expect(await page.evaluate('document.cookie')).toBe('');
    const [cookie] = await page.context().cookies(plain);
    expect(cookie).toMatchObject({ name: 'holdfast_desk', httpOnly: true, sameSite: 'Strict' });

    const cleanup = `${plain}/api/vps/sessions/cleanup?max_age_hours=0`;
    const answered = page.waitForResponse((response) => response.url() === cleanup);
    await page.goto(await startEvilPage(cleanup), { waitUntil: 'commit' });
    const answer = await answered;
    await page.waitForURL(cleanup);

    expect(await answer.request().headerValue('cookie')).toBeNull();
    expect(await answer.request().headerValue('sec-fetch-site')).toBeNull();
    expect(answer.status()).toBe(403);
    expect((await http.get('/api/vps/sessions/kept')).status).toBe(200);

    for (const own of ['/', '/docs']) {
      await page.goto(plain + own);
      for (const [token, expected] of [
        ['', 403],
        [csrfToken, 200],
      ] as const) {
        const status = await page.evaluate(
          async ([url, value]) => {
            const headers = { 'Holdfast-CSRF-Token': value };
            return (await fetch(url, { method: 'POST', headers })).status;
          },
          [`${plain}/api/vps/sessions/cleanup?max_age_hours=24`, token] as const,
        );
        expect(status).toBe(expected);
      }
    }
  });
});
