/** The list of calls in daily use: rows that open, columns that sort, filters, and a Back that finds it as it was. */
import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { says } from '../api/scripts.ts';
import { findBrowser, whyNoBrowser } from '../rig/browser.ts';
import { axeFindings, overflowPx } from './axe.ts';
import { useDesk } from './use-desk.ts';

/** Of the browser's elements what these tests read. */
interface Link {
  getAttribute(name: string): string | null;
}
interface Input {
  readonly list: { readonly options: Iterable<{ readonly value: string }> } | null;
}
const overflowOf = (selector: string): string =>
  `getComputedStyle(document.querySelector('table.calls tbody ${selector}')).textOverflow`;

const rowsOf = (page: Page) => page.getByRole('table', { name: 'Calls' }).locator('tbody tr');
const idsIn = (page: Page): Promise<string[]> =>
  rowsOf(page)
    .locator('a[data-opens]')
    .evaluateAll((links) => links.map((link) => (link as { title: string }).title));

describe.skipIf(findBrowser() === undefined)(`the list of calls${whyNoBrowser}`, () => {
  const desk = useDesk();
  const ids: Record<string, string> = {};
  const call = async (name: string, request: object): Promise<void> => {
    ids[name] = String((await desk.node.http.call({ ...request })).body.call_id);
  };

  beforeAll(async () => {
    await desk.node.agent('backup', says('from the backup'));
    await desk.node.agent('steady', says('hello'));
    await desk.node.agent('slow', async () => {
      await new Promise((resolve) => setTimeout(resolve, 600));
      return { body: { content: 'at last' } };
    });
    await desk.node.agent('broken', () => ({ status: 401 }), { max_retries: 0, fallback_agents: ['backup'] });
    await desk.node.agent('hopeless', () => ({ status: 401 }), { max_retries: 0 });
    await call('slow', { agent_name: 'slow', prompt: 'Take your time' });
    await call('over', { agent_name: 'broken', prompt: 'Where is order 1042?', user_id: 'anna@example.com' });
    await call('steady', {
      agent_name: 'steady',
      prompt: 'Hello there',
      metadata: { channel: 'web', ticket: 5042 },
    });
    await call('lost', { agent_name: 'hopeless', prompt: 'first failure' });
    await call('found', { agent_name: 'hopeless', prompt: 'second failure' });
    await desk.node.http.post(`/api/vps/calls/${ids['found']}/rerun`, { agent_name: 'steady' });
  });

  it('opens a call by a click anywhere on its row, in a new tab with Ctrl, and not when text was selected', async () => {
    const page = await desk.open(`/calls?agent=steady&text=${ids['steady']}`);
    const row = rowsOf(page).first();
    const cell = row.getByText('Hello there');
    await cell.waitFor();
    const opened = page.context().waitForEvent('page');
    await cell.click({ modifiers: ['ControlOrMeta'] });
    await (await opened).waitForURL(`**/calls/${ids['steady']}`);
    expect(new URL(page.url()).pathname).toBe('/calls');

    const box = await cell.boundingBox();
    const [x, y] = [(box?.x ?? 0) + 13, (box?.y ?? 0) + (box?.height ?? 0) / 2];
    await page.mouse.move(x, y);
    await page.mouse.down();
    await page.mouse.move(x + 60, y, { steps: 5 });
    await page.mouse.up();
    expect(await page.evaluate('String(getSelection())')).not.toBe('');
    expect(new URL(page.url()).pathname).toBe('/calls');
    await page.evaluate('getSelection().empty()');
    await cell.click();
    await page.getByRole('group', { name: 'Timeline' }).waitFor();
  });

  it('keeps the link of a row a link, and has links to its agent and user', async () => {
    const page = await desk.open(`/calls?text=${ids['over']}`);
    const row = rowsOf(page).first();
    await row.waitFor();
    const hrefs = await row
      .getByRole('link')
      .evaluateAll((links) => links.map((link) => (link as unknown as Link).getAttribute('href')));
    expect(hrefs).toEqual([
      `/calls/${ids['over']}`,
      '/agents/broken',
      '/agents/backup',
      '/calls?user=anna%40example.com',
    ]);
    await row.getByText('Where is order 1042?').click();
    await expect.poll(() => new URL(page.url()).pathname).toBe(`/calls/${ids['over']}`);
    await page.getByRole('navigation', { name: 'Way back' }).getByRole('link', { name: 'Calls' }).click();
    await rowsOf(page).first().waitFor();
  });

  it('finds calls that asked an agent as a fallback, that failed over, and by their prompt and metadata', async () => {
    const page = await desk.open('/calls?asked=backup');
    await expect.poll(() => idsIn(page)).toEqual([ids['over']]);
    await page.getByText(/^Of all \d+ ended calls/).waitFor();

    await page.getByLabel('Asked, also as a fallback').fill('');
    await expect.poll(async () => (await idsIn(page)).length).toBe(6);
    await page.getByLabel('Failed over').selectOption('Yes');
    await expect.poll(() => idsIn(page)).toEqual([ids['over']]);
    expect(new URL(page.url()).search).toBe('?failed_over=true');
    await page.getByText('Clear filters').click();

    await page.getByLabel('Prompt contains').fill('ORDER 10');
    await expect.poll(() => idsIn(page)).toEqual([ids['over']]);
    await page.getByText('Clear filters').click();

    await page.goto(`${desk.node.http.url}/calls/${ids['steady']}`);
    await page.locator('.metadata').getByRole('link', { name: '5042' }).click();
    await expect.poll(() => idsIn(page)).toEqual([ids['steady']]);
    expect(await page.getByLabel('Metadata (name=value)').inputValue()).toBe('ticket=5042');
    await page.getByLabel('Metadata (name=value)').fill('channel=mail');
    await page.getByText('No call matches').waitFor();
    await page.goto(`${desk.node.http.url}/calls?metadata.channel=web&metadata.ticket=5042`);
    await expect.poll(() => idsIn(page)).toEqual([ids['steady']]);
    const members = page.getByLabel('Metadata (name=value)');
    expect(await members.inputValue()).toBe('channel=web\nticket=5042');
    await members.fill('channel=web\nticket=5043');
    await page.getByText('No call matches').waitFor();
    expect(new URL(page.url()).search).toBe('?metadata.channel=web&metadata.ticket=5043');
  });

  it('marks a failed call whose rerun was answered, and lists those that are unresolved', async () => {
    const page = await desk.open('/calls?status=failed');
    const row = rowsOf(page).filter({ has: page.locator(`a[title="${ids['found']}"]`) });
    await row.getByText('resolved').waitFor();
    await page.getByRole('link', { name: /^Unresolved/ }).click();
    await expect.poll(() => idsIn(page)).toEqual([ids['lost']]);
    expect(await page.getByRole('link', { name: /^Unresolved/ }).innerText()).toMatch(/1$/);
    await page.goto(`${desk.node.http.url}/calls/${ids['found']}`);
    await page.getByRole('heading', { level: 1 }).getByText('resolved').waitFor();
  });

  it('sorts by a column, says so to screen readers, and by the keyboard', async () => {
    const page = await desk.open('/calls');
    await rowsOf(page).nth(5).waitFor();
    const head = page.getByRole('columnheader', { name: 'Took' });
    expect(await head.getAttribute('aria-sort')).toBeNull();
    await head.getByRole('button').click();
    await expect.poll(() => head.getAttribute('aria-sort')).toBe('descending');
    await expect.poll(async () => (await idsIn(page))[0]).toBe(ids['slow']);
    await page.getByText(/^Of all \d+ ended calls.*, without running ones/).waitFor();
    const running = page.getByRole('link', { name: /^Running/ });
    expect(await running.getAttribute('href')).toBe('/calls?status=running');
    await head.getByRole('button').focus();
    await page.keyboard.press('Enter');
    await expect.poll(() => head.getAttribute('aria-sort')).toBe('ascending');
    await expect.poll(async () => (await idsIn(page)).at(-1)).toBe(ids['slow']);
    expect(new URL(page.url()).search).toBe('?sort=duration&order=asc');
    expect(await axeFindings(page)).toEqual([]);
    await page.getByRole('columnheader', { name: 'Started' }).getByRole('button').click();
    await expect.poll(async () => (await idsIn(page)).at(-1)).toBe(ids['slow']);
  });

  it('is saved as CSV with the filter and the order that it has', async () => {
    const page = await desk.open('/calls?status=completed&sort=duration');
    await rowsOf(page).first().waitFor();
    const download = page.waitForEvent('download');
    await page.getByRole('link', { name: 'CSV' }).click();
    const lines = (await readFile(await (await download).path(), 'utf8')).trim().split('\r\n');
    expect(lines[1]).toContain(ids['slow']);
    expect(lines.slice(1).every((line) => line.includes('completed'))).toBe(true);
    expect(lines).toHaveLength(1 + (await idsIn(page)).length);
  });

  it('offers the names of agents, sessions and users', async () => {
    const page = await desk.open('/calls');
    await rowsOf(page).first().waitFor();
    await page.getByText('More filters').click();
    const offered = (label: string) =>
      page
        .getByLabel(label, { exact: true })
        .evaluate((input) =>
          Array.from((input as unknown as Input).list?.options ?? [], ({ value }) => value),
        );
    await expect.poll(() => offered('Answered by')).toContain('backup');
    expect(await offered('User')).toEqual(['anna@example.com']);
  });

  it('is found as it was left by Back: with the loaded pages, at its place, with the focus on its row', async () => {
    await Promise.all(
      Array.from({ length: 70 }, (_, index) =>
        desk.node.http.call({ agent_name: 'steady', prompt: `page ${index}`, user_id: 'pager' }),
      ),
    );
    const page = await desk.open('/calls?user=pager', { viewport: { width: 1280, height: 700 } });
    await expect.poll(() => rowsOf(page).count()).toBe(50);
    await page.getByRole('button', { name: 'Older calls' }).click();
    await expect.poll(() => rowsOf(page).count()).toBe(70);
    const last = rowsOf(page).nth(64);
    const id = await last.locator('a[data-opens]').getAttribute('title');
    await last.scrollIntoViewIfNeeded();
    const before = await page.evaluate<number>('scrollY');
    expect(before).toBeGreaterThan(500);
    await last.locator('.preview').click();
    await page.getByRole('group', { name: 'Timeline' }).waitFor();
    await page.goBack();
    await expect.poll(() => rowsOf(page).count()).toBe(70);
    await expect.poll(() => page.evaluate<number>('scrollY')).toBe(before);
    expect(await page.evaluate('document.activeElement.title')).toBe(id);
    await page.getByRole('link', { name: 'Calls', exact: true }).first().click();
    await expect.poll(() => rowsOf(page).count()).toBe(50);
  });

  it('has no hole while new calls come, also after Back, and goes on to the older ones of a time span', async () => {
    const make = (many: number) =>
      Promise.all(
        Array.from({ length: many }, () =>
          desk.node.http.call({ agent_name: 'steady', prompt: 'x', user_id: 'steady-flow' }),
        ),
      );
    await make(110);
    const page = await desk.open('/calls?user=steady-flow&since=1h');
    const older = page.getByRole('button', { name: 'Older calls' });
    const rows = () => expect.poll(async () => new Set(await idsIn(page)).size);
    await rows().toBe(50);
    await older.click();
    await rows().toBe(100);
    await make(5);
    await rows().toBe(105);
    await rowsOf(page).first().locator('.preview').click();
    await page.getByRole('group', { name: 'Timeline' }).waitFor();
    await make(60);
    await page.goBack();
    await rows().toBe(165);
    await older.click();
    await rows().toBe(175);
    expect(await rowsOf(page).count()).toBe(175);
    expect(await older.count()).toBe(0);
  });

  it('cuts names and ids on a phone with an ellipsis, and breaks none inside a word', async () => {
    const name = 'customer-correspondence-translator';
    await desk.node.agent(name, says('hello'));
    await desk.node.http.call({ agent_name: name, prompt: 'x', user_id: 'phone' });
    const page = await desk.open('/calls?user=phone', { viewport: { width: 390, height: 844 } });
    const cell = rowsOf(page).first().locator('td.name').first();
    await cell.waitFor();
    expect(await overflowPx(page)).toBe(0);
    expect(await page.evaluate(overflowOf('td.name'))).toBe('ellipsis');
    expect(await page.evaluate(overflowOf('a[data-opens]'))).toBe('ellipsis');
    expect((await cell.boundingBox())?.height).toBeLessThan(60);
    expect(await axeFindings(page)).toEqual([]);
  });

  it('shows all times in UTC on request, and remembers that', async () => {
    const page = await desk.open('/calls', { timezoneId: 'Asia/Tokyo', locale: 'en-GB' });
    const time = rowsOf(page).first().getByRole('time').first();
    await time.getByText(/GMT\+9/).waitFor();
    await page.getByRole('button', { name: 'Times: local' }).click();
    await time.getByText(/UTC/).waitFor();
    await page.reload();
    await time.getByText(/UTC/).waitFor();
    await page.getByRole('button', { name: 'Times: UTC' }).waitFor();
  });

  it('copies the id, the prompt and the answer of a call', async () => {
    const page = await desk.open(`/calls/${ids['steady']}`, {
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    for (const [name, text] of [
      ['the call id', ids['steady']],
      ['the prompt', 'Hello there'],
      ['the answer', 'hello'],
    ] as const) {
      await page.getByRole('button', { name: `Copy ${name}` }).click();
      await page.getByRole('button', { name: `Copied ${name}` }).waitFor();
      expect(await page.evaluate('navigator.clipboard.readText()')).toBe(text);
    }
  });
});
