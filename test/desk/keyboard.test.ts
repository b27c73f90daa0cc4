/** The desk can be used without a mouse. */
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { says } from '../api/scripts.ts';
import { findBrowser, whyNoBrowser } from '../rig/browser.ts';
import { useDesk } from './use-desk.ts';

const focused = `(() => {
  const at = document.activeElement;
  return at.getAttribute('aria-label') ?? at.labels?.[0]?.innerText ?? at.innerText;
})()`;
/** Whether the focused element has a visible outline. */
const outlined = `(() => {
  const at = document.activeElement;
  const bar = at.querySelector(':scope > rect');
  return getComputedStyle(at).outlineStyle !== 'none' || (bar && getComputedStyle(bar).stroke !== 'none');
})()`;

/** Presses Tab until the focused element has this name. Every element on the way must show its focus. */
async function tabTo(page: Page, name: RegExp, key = 'Tab'): Promise<void> {
  for (let stops = 0; stops < 60; stops++) {
    await page.keyboard.press(key);
    const text = await page.evaluate<string>(focused);
    expect(await page.evaluate(outlined), `the focus on "${text}" is seen`).toBeTruthy();
    if (name.test(text)) return;
  }
  throw new Error(`Tab does not reach ${String(name)}`);
}

describe.skipIf(findBrowser() === undefined)(`the keyboard alone${whyNoBrowser}`, () => {
  const desk = useDesk();

  it('can skip to the content, filter, open a call, read its timeline, and rerun it', async () => {
    await desk.node.agent('broken', () => ({ status: 401 }), { max_retries: 0 });
    await desk.node.agent('helper', says('hello'));
    await desk.node.http.call({ agent_name: 'helper', prompt: 'x' });
    const { call_id: failed } = (await desk.node.http.call({ agent_name: 'broken', prompt: 'x' })).body;
    const page = await desk.open('/calls');
    await page.getByRole('table').waitFor();

    await page.keyboard.press('Tab');
    expect(await page.evaluate(focused)).toBe('Skip to the content');
    await page.keyboard.press('Enter');
    await tabTo(page, /^Failed/);
    await page.keyboard.press('Enter');
    await page.getByRole('row', { name: /helper/ }).waitFor({ state: 'detached' });
    await tabTo(page, new RegExp(`^${String(failed).slice(0, 13)}`));
    await page.keyboard.press('Enter');
    await page.getByRole('group', { name: 'Timeline' }).waitFor();
    await tabTo(page, /^Rerun/);
    await tabTo(page, /^broken, try 1: auth/);
    await page.locator('.tip').getByText('broken, try 1').waitFor();

    await tabTo(page, /^Rerun/, 'Shift+Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('dialog').waitFor({ state: 'detached' });
    expect(await page.evaluate(focused)).toMatch(/^Rerun/);
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    await tabTo(page, /^Rerun the call/);
    await page.keyboard.press('Enter');
    await page.getByText('Rerun of').waitFor();
  });

  it('can switch the theme, which survives a reload', async () => {
    const page = await desk.open('/agents', { colorScheme: 'light' });
    await tabTo(page, /^Theme: system/);
    await page.keyboard.press('Enter');
    await page.keyboard.press('Enter');
    await page.reload();
    await page.getByRole('button', { name: 'Theme: dark' }).waitFor();
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(15, 17, 21)');
  });
});
