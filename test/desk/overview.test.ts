/** The overview and the page of an agent, with figures of real calls. */
import pMap from 'p-map';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { CallAnswer } from '../../src/contract/calls.ts';
import { percent } from '../../web/src/plots/figure-specs.ts';
import { gated, says } from '../api/scripts.ts';
import { findBrowser, whyNoBrowser } from '../rig/browser.ts';
import type { Json } from '../rig/http-client.ts';
import { axeFindings, overflowPx } from './axe.ts';
import { expectDrawn, gistOf, plotAt, sumsOf } from './plots-at.ts';
import { useDesk } from './use-desk.ts';

/** 1,000 calls, or HOLDFAST_TEST_CALLS. */
const most = Number(process.env['HOLDFAST_TEST_CALLS'] ?? 1_000);
const shownCount = (value: number): string => new Intl.NumberFormat('en-US').format(value);

const looks = (['light', 'dark'] as const).flatMap((colorScheme) => [
  { colorScheme, viewport: { width: 390, height: 844 } },
  { colorScheme, viewport: { width: 1440, height: 900 } },
]);

describe.skipIf(findBrowser() === undefined)(`the overview${whyNoBrowser}`, () => {
  const desk = useDesk({
    HOLDFAST_ENDINGS_MARGIN_SECONDS: '5',
    HOLDFAST_CIRCUIT_COOLDOWN_SECONDS: '3600',
  });
  /** What the callers asked and were answered. */
  const journal: { readonly asked: string; readonly answer: CallAnswer }[] = [];
  const failures = () => journal.filter(({ answer }) => answer.success === false);
  const attempts = () => journal.flatMap(({ answer }) => answer.attempts.filter(({ tries }) => tries > 0));
  const attemptsAt = (agent: string) => attempts().filter((one) => one.agent === agent).length;

  beforeAll(async () => {
    const { node } = desk;
    await node.agent('helper', says('hello'), { auth_token: 'tk-of-helper' });
    await node.agent('shaky', () => ({ status: 503 }), { max_retries: 0, fallback_agents: ['helper'] });
    await node.agent('strict', () => ({ status: 401 }), { max_retries: 0 });
    const call = async (agent: string): Promise<void> => {
      const { body } = await node.http.call({ agent_name: agent, prompt: 'x' });
      journal.push({ asked: agent, answer: body as unknown as CallAnswer });
    };
    for (const agent of ['shaky', 'shaky', 'strict', 'strict', 'strict']) await call(agent);
    const many = Array.from({ length: most - journal.length }, () => 'helper');
    await pMap(many, call, { concurrency: 16 });
    const counted = async (): Promise<unknown> => {
      const { total } = (await node.http.get('/api/vps/figures')).body as { total: Json };
      return (total['duration_ms'] as Json)['count'];
    };
    const options = { timeout: 100_000, interval: 1_000 };
    await vi.waitFor(async () => expect(await counted()).toBe(journal.length), options);
  }, 300_000);

  const openDrawn = async (path: string, ...options: [] | [(typeof looks)[number]]): Promise<Page> => {
    const page = await desk.open(path, ...options);
    await expectDrawn(page);
    return page;
  };

  it('says in its first line what is wrong, and in all figures what the callers were answered', async () => {
    const failed = failures().length;
    const completed = journal.length - failed;
    expect(failed).toBe(3);
    const page = await openDrawn('/');
    const verdict = page.locator('main [role=status]').first();
    expect(await verdict.locator('strong').innerText()).toMatch(
      /^(shaky|strict) is unhealthy, its circuit is open$/,
    );
    for (const agent of ['shaky', 'strict'])
      expect(await verdict.innerText()).toContain(`${agent} is unhealthy, its circuit is open`);
    const share = percent((100 * failed) / most);
    expect(await verdict.innerText()).toContain(
      `${shownCount(most)} calls, ${share} failed, 1 of 3 agents healthy`,
    );

    expect(await gistOf(page, 'Calls')).toBe(
      `${shownCount(most)} calls: ${shownCount(completed)} completed, 3 failed, 0 cancelled`,
    );
    expect(await sumsOf(page, 'Calls')).toEqual({ completed, failed: 3, cancelled: 0 });
    expect(await gistOf(page, 'Error rate, by type')).toBe('auth 3');
    const latencies = attempts()
      .map(({ latency_ms: latency }) => latency ?? 0)
      .sort((a, b) => a - b);
    const middle = latencies[Math.ceil(latencies.length / 2) - 1] ?? NaN;
    const [, p50 = NaN] = /^p50 (\d+) ms/.exec(await gistOf(page, 'Latency of agents')) ?? [];
    expect(Math.abs(Number(p50) - middle)).toBeLessThanOrEqual(1 + middle * 0.02);

    const tiles = page.getByRole('region', { name: 'Figures' });
    const shownTiles = Object.fromEntries(
      (await tiles.locator('dl > div').allInnerTexts()).map((text) => text.split(/\s*\n\s*/)),
    ) as Json;
    expect(shownTiles).toMatchObject({
      Calls: shownCount(most),
      Failed: `3 (${share})`,
      'Failed over': '2',
      'In flight now': '0',
    });
    expect(await tiles.innerText()).toMatch(/Complete until \d\d:\d\d:\d\d/);
    const failovers = page.getByRole('region', { name: 'Failovers' }).locator('tbody tr');
    expect(await failovers.allInnerTexts()).toEqual([expect.stringMatching(/^shaky\s+→ helper\s+2$/)]);
    expect(journal.filter(({ asked, answer }) => answer.success && asked !== answer.agent_name)).toHaveLength(
      2,
    );

    const last = page.getByRole('table', { name: 'Last failed calls' }).locator('tbody a.mono');
    const shown = await last.evaluateAll((links) => links.map((link) => (link as { title?: string }).title));
    expect(shown.toSorted()).toEqual(
      failures()
        .map(({ answer }) => answer.call_id)
        .toSorted(),
    );
    const states = page.getByRole('region', { name: 'Agents', exact: true }).locator('tbody tr');
    expect((await states.allInnerTexts())[0]).toMatch(/^(shaky|strict)\s+unhealthy\s+circuit open until/);
    await page.getByRole('region', { name: 'Nodes' }).getByText('serves this page').waitFor();
  });

  it('keeps its range in the address; each range has the same calls', async () => {
    const page = await openDrawn('/');
    for (const [label, range] of [
      ['24 h', '24h'],
      ['7 d', '7d'],
    ] as const) {
      await page.getByRole('navigation', { name: 'Range of time' }).getByText(label).click();
      await expect.poll(() => new URL(page.url()).search).toBe(`?range=${range}`);
      await expect.poll(() => gistOf(page, 'Calls')).toContain(`${shownCount(most)} calls`);
      await expectDrawn(page);
    }
    await page.getByText('in the last 7 days').waitFor();
    await page.reload();
    await page.getByText('in the last 7 days').waitFor();
  });

  it('leads old links with a filter to the list of calls', async () => {
    const page = await desk.open('/?status=failed&agent=strict');
    await expect.poll(() => page.getByRole('table', { name: 'Calls' }).locator('tbody tr').count()).toBe(3);
    expect(page.url()).toBe(`${desk.node.http.url}/calls?status=failed&agent=strict`);
  });

  it('says the values of an interval to those who move along a plot with the keyboard', async () => {
    const page = await openDrawn('/');
    const plot = plotAt(page, 'Calls');
    await plot.focus();
    expect(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')).not.toBe('none');
    const said = page.getByRole('region', { name: 'Calls', exact: true }).locator('[aria-live]');
    const sums = { completed: 0, failed: 0 };
    await page.keyboard.press('Home');
    let before = '';
    for (let text = await said.innerText(); text !== before; text = await said.innerText()) {
      const [, completed, failed] =
        /\d\d:\d\d: completed ([\d,]+), failed (\d+), cancelled 0$/.exec(text) ?? [];
      sums.completed += Number(completed?.replace(',', ''));
      sums.failed += Number(failed);
      before = text;
      await page.keyboard.press('ArrowRight');
    }
    expect(sums).toEqual({ completed: most - 3, failed: 3 });
    await page.keyboard.press('Tab');
    expect(await said.innerText()).toContain(`${shownCount(most)} calls`);
    await page.keyboard.press('Enter'); // The table behind the plot.
    await page.getByRole('group', { name: 'Values of Calls' }).waitFor();
  });

  it('is refreshed without moving the page, and keeps what it shows while the node fails', async () => {
    const answer = gated('done');
    await desk.node.agent('slow', answer.script);
    const page = await desk.open('/', {}, [/status of 503/]);
    await expectDrawn(page);
    await page.getByRole('heading', { name: 'Failovers' }).waitFor();
    await page.evaluate('window.scrollTo(0, 400)');
    const accepted = await desk.node.http.call(
      { agent_name: 'slow', prompt: 'x' },
      { Prefer: 'respond-async' },
    );
    const flying = page.getByRole('region', { name: 'Figures' });
    await expect.poll(() => flying.innerText(), { timeout: 30_000 }).toMatch(/In flight now\s+1/);
    expect(await page.evaluate('window.scrollY')).toBe(400);
    expect(await page.locator('[data-drawn]').count()).toBe(5);
    const down = { title: 'Payload store unavailable', detail: 'The store is down', status: 503, errors: [] };
    await page.route('**/api/vps/figures?*', (route) => route.fulfill({ status: 503, json: down }));
    await page.getByRole('alert').getByText('The store is down').waitFor({ timeout: 30_000 });
    expect(await page.locator('[data-drawn]').count()).toBe(5);
    answer.open();
    const path = `/api/vps/calls/${String(accepted.body.call_id)}`;
    await expect.poll(async () => (await desk.node.http.get(path)).body['status']).toBe('completed');
  });

  it.each(looks)('is fully visible and accessible, tables and all: %o', async (look) => {
    for (const path of ['/', '/agents/shaky']) {
      const page = await openDrawn(path, look);
      for (const summary of await page.locator('main summary').all()) await summary.click();
      await page.locator('[aria-busy=true]').first().waitFor({ state: 'detached' });
      expect(await axeFindings(page)).toEqual([]);
      expect(await overflowPx(page)).toBe(0);
    }
  });

  it('draws its plots anew in the colours of another theme', async () => {
    const page = await openDrawn('/', { colorScheme: 'light', viewport: { width: 1440, height: 900 } });
    const picture = () =>
      plotAt(page, 'Calls')
        .locator('canvas')
        .evaluate((canvas) => (canvas as unknown as { toDataURL(): string }).toDataURL());
    const light = await picture();
    await page.getByRole('button', { name: 'Theme: system' }).click();
    await page.getByRole('button', { name: 'Theme: light' }).click();
    await expect.poll(picture).not.toBe(light);
    await expectDrawn(page);
  });

  describe("an agent's page", () => {
    it('shows its plots, its configuration without secrets, who falls back to it, and its failures', async () => {
      const page = await desk.open('/agents');
      await page.getByRole('article', { name: 'shaky' }).getByRole('link', { name: 'helper' }).click();
      await expectDrawn(page);
      expect(new URL(page.url()).pathname).toBe('/agents/helper');
      expect(await gistOf(page, 'Calls that named it')).toBe(
        `${shownCount(most - 5)} calls: ${shownCount(most - 5)} completed, 0 failed, 0 cancelled`,
      );
      expect(await gistOf(page, 'Error rate of attempts, by type')).toBe('none failed');
      const config = page.getByRole('region', { name: 'Configuration' });
      expect(await config.innerText()).toMatch(/Is a fallback of\s+shaky/);
      expect(await config.innerText()).toContain('stored encrypted, never shown');
      expect(await page.content()).not.toContain('tk-of-helper');

      await config.getByRole('link', { name: 'shaky' }).click();
      await expect
        .poll(() => gistOf(page, 'Error rate of attempts, by type'))
        .toBe(`model error ${attemptsAt('shaky')}`);
      expect(await gistOf(page, 'Calls that named it')).toBe('2 calls: 2 completed, 0 failed, 0 cancelled');
      const health = page.getByRole('region', { name: 'Health' });
      expect(await health.getByRole('list', { name: 'Last errors' }).getByRole('listitem').count()).toBe(
        attemptsAt('shaky'),
      );
      await health.getByRole('button', { name: 'Edit shaky' }).waitFor();
    });

    it('says so if there is no such agent, and finds names that a path has to encode', async () => {
      const page = await desk.open('/agents/nobody');
      await page.getByText('No agent of this name is registered').waitFor();
      await desk.node.agent('a/b?c#d %', says('hello'));
      await page.goto(`${desk.node.http.url}/agents`);
      await page.getByRole('link', { name: 'a/b?c#d %' }).click();
      await page.getByRole('region', { name: 'Configuration' }).waitFor();
      expect(new URL(page.url()).pathname).toBe('/agents/a%2Fb%3Fc%23d%20%25');
      await page.reload();
      await page.getByRole('region', { name: 'Configuration' }).waitFor();
    });

    it('sends a prompt, once, and shows the call until it has ended', async () => {
      const answer = gated('42 parcels are on their way.');
      const agent = await desk.node.agent('parcels', answer.script);
      const page = await desk.open('/agents/parcels');
      const form = page.getByRole('region', { name: 'Try it' });
      await form.getByLabel('Prompt').fill('How many parcels are on their way?');
      const request = page.waitForRequest(/\/api\/vps\/call$/);
      await form.getByRole('button', { name: 'Send' }).click();
      const headers = await (await request).allHeaders();
      expect(headers).toMatchObject({
        prefer: 'respond-async',
        'idempotency-key': expect.stringMatching(/./) as string,
      });
      await form.getByRole('status').getByText('running').waitFor();
      answer.open();
      await form.getByRole('status').getByText('completed').waitFor();
      await form.getByText('42 parcels are on their way.').waitFor();
      expect(agent.requests).toHaveLength(1);

      await form.getByRole('button', { name: 'Send' }).click();
      await expect.poll(() => agent.requests.length).toBe(2);
      await form.getByRole('status').getByRole('link').click();
      await page.getByRole('group', { name: 'Timeline' }).waitFor();
    });

    it('shows why the call failed', async () => {
      const page = await desk.open('/agents/strict');
      const form = page.getByRole('region', { name: 'Try it' });
      await form.getByLabel('Prompt').fill('hello');
      await form.getByRole('button', { name: 'Send' }).click();
      await form.getByRole('status').getByText('failed').waitFor();
      await form.getByText('auth', { exact: true }).first().waitFor();
    });
  });
});
