/** With API keys the browser asks for one, once; the pages' requests and streams carry it. */
import { describe, expect, it } from 'vitest';
import { says } from '../api/scripts.ts';
import { findBrowser, whyNoBrowser } from '../rig/browser.ts';
import { useDesk } from './use-desk.ts';

const key = 'key-of-the-desk-0123456789';

/** The first answer, before the browser asks for the key. */
const unauthorized = [/status of 401/];

describe.skipIf(findBrowser() === undefined)(`a node with API keys${whyNoBrowser}`, () => {
  const desk = useDesk({ HOLDFAST_API_KEYS: key });

  it('shows calls and does what is asked for to who gives a key as the password', async () => {
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

  it('asks who has none for one, and shows nothing to who gives none', async () => {
    // What a browser without anyone to ask makes of the question.
    await expect(desk.open('/', {}, unauthorized)).rejects.toThrow('ERR_INVALID_AUTH_CREDENTIALS');
  });
});
