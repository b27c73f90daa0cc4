/** The desk of a node with API keys: the browser asks for a key once, and sends it with all requests and streams. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { says } from '../api/scripts.ts';
import { findBrowser, whyNoBrowser } from '../rig/browser.ts';
import { useDesk } from './use-desk.ts';

const key = 'key-of-the-desk-0123456789';

/** The first answer, before the browser asks for the key. */
const unauthorized = [/status of 401/];

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

  it('shows calls and accepts actions if the user gives a key as the password', async () => {
    await desk.node.agent('helper', says('hello'));
    await desk.node.http.call({ agent_name: 'helper', prompt: 'x' });
    const page = await desk.open(
      '/',
      { httpCredentials: { username: 'anyone', password: key } },
      unauthorized,
    );
    await page.getByText('Live').waitFor();
    await page.getByRole('link', { name: /^[0-9a-f-]{13}/ }).click();
    await page.getByRole('region', { name: 'Answer' }).getByText('hello').first().waitFor();
    await page.getByRole('button', { name: 'Rerun' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Rerun the call' }).click();
    await page.getByText('The rerun was accepted').waitFor();
  });

  it('asks for a key, and shows nothing without one', async () => {
    // The error of a browser that has no user to ask for a password.
    await expect(desk.open('/', {}, unauthorized)).rejects.toThrow('ERR_INVALID_AUTH_CREDENTIALS');
  });

  it('accepts changes from its own pages but not from a form of another site, also over plain HTTP', async () => {
    const { http } = desk.node;
    await desk.node.agent('keeper', says('kept'));
    await http.call({ agent_name: 'keeper', prompt: 'x', session_id: 'kept' });
    // Chromium sends no Sec-Fetch-Site to such an address. The URL has the key, as if the user had given it.
    const plain = http.url.replace('127.0.0.1', 'gateway.example');
    const browser = desk.browser();
    const page = await browser.newPage();
    onTestFinished(() => page.close());
    await page.goto(plain.replace('://', `://anyone:${key}@`));
    await page.getByText('Live').waitFor();

    const cleanup = `${plain}/api/vps/sessions/cleanup?max_age_hours=0`;
    const answered = page.waitForResponse((response) => response.url() === cleanup);
    await page.goto(await startEvilPage(cleanup), { waitUntil: 'commit' });
    const answer = await answered;
    await page.waitForURL(cleanup);

    expect(await answer.request().headerValue('authorization')).toContain('Basic');
    expect(await answer.request().headerValue('sec-fetch-site')).toBeNull();
    expect(answer.status()).toBe(403);
    expect((await http.get('/api/vps/sessions/kept')).status).toBe(200);

    for (const own of ['/', '/docs']) {
      await page.goto(plain + own);
      const status = await page.evaluate(
        async (url) => (await fetch(url, { method: 'POST' })).status,
        `${plain}/api/vps/sessions/cleanup?max_age_hours=24`,
      );
      expect(status).toBe(200);
    }
  });
});
