/** What is hard to show: long texts and ids, marks of the reading direction, invalid filters, unusual calls. */
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { leastSliceMs } from '../../src/domain/deadline.ts';
import { closedPort } from '../agents/support.ts';
import { gated, says } from '../api/scripts.ts';
import { findBrowser, whyNoBrowser } from '../rig/browser.ts';
import { overflowPx } from './axe.ts';
import { useDesk } from './use-desk.ts';

const heightPx = (page: Page): Promise<number> =>
  page.evaluate<number>('document.documentElement.scrollHeight');

/** The text of the page, including text for screen readers only. */
const mainText = async (page: Page): Promise<string> => (await page.locator('main').textContent()) ?? '';

describe.skipIf(findBrowser() === undefined)(`a page of the desk${whyNoBrowser}`, () => {
  const desk = useDesk();
  const refused = [/status of 422/];
  // Without an agent the list of calls would show the first steps instead.
  beforeAll(() => desk.node.agent('present', says('hello')));

  it.each(['since=yesterday', 'status=bogus', 'error_type=bad%20luck'])(
    'says what is wrong with the filter of a link like ?%s, and stops requesting it',
    async (query) => {
      const page = await desk.open(`/calls?${query}`, {}, refused);
      const problem = page.getByRole('alert');
      await problem.waitFor();
      expect(await problem.innerText()).toContain(query.split('=')[0]);
      expect(await problem.getByRole('listitem').count()).toBe(1);
      expect((await problem.innerText()).split('\n').filter((line) => line !== '')).toHaveLength(2);
      await page.getByText('Stopped').waitFor();
      expect(await page.locator('[aria-busy=true]').count()).toBe(0);
      expect(await page.getByRole('button', { name: 'Export histories' }).isDisabled()).toBe(true);
      if (!query.startsWith('status'))
        expect(await page.getByRole('button', { name: 'Rerun all failed' }).isDisabled()).toBe(true);
      await page.getByText('Clear filters').click();
      await page.getByText('Live', { exact: true }).waitFor();
      await page.getByRole('link', { name: 'Export histories' }).waitFor();
    },
  );

  it.each(['/wat', '/calls/%zz'])(
    'for a wrong link like %s says so, and links to the calls',
    async (path) => {
      const page = await desk.open(path, {}, [/status of 404/]);
      await page.getByText('There is no such page').waitFor();
      await page.getByRole('link', { name: 'Back to the calls' }).click();
      await page.getByText('Live', { exact: true }).waitFor();
    },
  );

  it('shows the time of a filter with its zone', async () => {
    const page = await desk.open('/calls?since=2021-03-04T05:06:07.000Z', {
      timezoneId: 'Asia/Tokyo',
      locale: 'en-GB',
    });
    await page.getByLabel('Started').waitFor();
    expect(await page.getByLabel('Started').textContent()).toMatch(/Since 4 Mar 2021.*14:06:07 GMT\+9/);
  });

  it('never scrolls sideways, however long and unbroken the ids are', async () => {
    const long = (letter: string): string => letter.repeat(128);
    const [agent, backup, session, user] = ['a', 'b', 's', 'u'].map(long) as [string, string, string, string];
    await desk.node.agent(backup, says('x'.repeat(400)));
    await desk.node.http.register(agent, await closedPort(), {
      max_retries: 1,
      fallback_agents: [backup, long('n')],
    });
    const { body } = await desk.node.http.call({
      agent_name: agent,
      prompt: 'y'.repeat(400),
      session_id: session,
      user_id: user,
      metadata: { [long('k')]: long('v') },
    });
    const paths = [
      `/calls/${String(body.call_id)}`,
      `/calls/${long('c')}`,
      `/sessions/${session}`,
      `/sessions/${long('z')}`,
      '/sessions',
      '/agents',
      `/calls?session=${session}`,
      `/batches/${long('q')}`,
    ];
    const page = await desk.open(paths[0] ?? '/', {}, [/status of 404/]);
    for (const path of paths) {
      await page.goto(desk.node.http.url + path);
      await page
        .getByRole('main')
        .getByText(/(.)\1{50}|No such/)
        .first()
        .waitFor();
      await page.locator('[aria-busy=true]').first().waitFor({ state: 'detached' });
      for (const width of [390, 1280]) {
        await page.setViewportSize({ width, height: 800 });
        expect.soft(await overflowPx(page), `${path} at ${width} px`).toBe(0);
      }
    }
  });

  it('folds a text of a megabyte, and shows all of it in a box on request', async () => {
    await desk.node.agent('verbose', says(`begin ${'word '.repeat(200_000)}end`));
    const answered = await desk.node.http.call({
      agent_name: 'verbose',
      prompt: 'tell me all',
      session_id: 'long',
      metadata: { notes: 'n'.repeat(20_000) },
    });
    for (const path of ['/sessions/long', `/calls/${String(answered.body.call_id)}`]) {
      const page = await desk.open(path);
      const message = page.getByRole('listitem').filter({ hasText: 'begin word' });
      const all = message.getByRole('button', { name: /^All 1,000,\d+ characters/ });
      await all.waitFor();
      expect(await heightPx(page)).toBeLessThan(5_000);
      await all.click();
      await message.getByRole('group', { name: 'The whole message' }).waitFor();
      expect(await message.textContent()).toContain('word end');
      expect(await heightPx(page)).toBeLessThan(6_000);
      await message.getByRole('button', { name: 'Fold' }).click();
      await all.waitFor();
    }
  });

  it('writes out marks that change the reading direction, so that they have no effect', async () => {
    const name = 'agent\u202egpj.exe';
    const session = 'session\u2067turned';
    await desk.node.agent(name, says('answer\u202edesrever'));
    const { body } = await desk.node.http.call({
      agent_name: name,
      prompt: 'prompt\u202ex',
      session_id: session,
    });
    const paths = [
      '/calls',
      '/agents',
      '/sessions',
      `/sessions/${encodeURIComponent(session)}`,
      `/calls/${String(body.call_id)}`,
    ];
    for (const path of paths) {
      const page = await desk.open(path);
      await page
        .locator('main')
        .getByText(/\[U\+20(2E|67)\]/)
        .first()
        .waitFor();
      const turning = /[\u202a-\u202e\u2066-\u2069]/;
      expect(await mainText(page)).not.toMatch(turning);
      expect(await page.title()).not.toMatch(turning);
      await page.context().close();
    }
  });

  it('about a call whose agent was passed over says who was asked, why another answered, and who was skipped', async () => {
    await desk.node.agent('standby', says('gladly'));
    await desk.node.http.register('limited', await closedPort(), {
      max_retries: 0,
      fallback_agents: ['unknown-one', 'standby'],
    });
    const ask = () => desk.node.http.call({ agent_name: 'limited', prompt: 'hello' });
    await ask();
    const page = await desk.open(`/calls/${String((await ask()).body.call_id)}`);
    const fact = (name: string) => page.locator('.facts > div', { hasText: name }).first();
    await expect.poll(() => fact('Asked').innerText()).toContain('limited');
    expect(await fact('Asked').innerText()).toContain('passed over: its circuit was open');
    expect(await fact('Answered by').innerText()).toContain('standby');
    const chain = page.getByRole('region', { name: 'Chain' }).getByRole('listitem');
    const of = (name: string) => chain.filter({ hasText: name });
    await of('limited').getByText('passed over: its circuit was open when the call began').waitFor();
    expect(await of('unknown-one').innerText()).toMatch(/skipped\n.*not registered/);

    await page.goto(`${desk.node.http.url}/calls?agent=limited`);
    await page
      .getByRole('row', { name: /limited.*answered by standby/ })
      .first()
      .waitFor();
    await page.goto(`${desk.node.http.url}/agents`);
    const card = page.getByRole('article', { name: 'limited' });
    await card.getByText('0 %').waitFor();
    await card.getByRole('button', { name: 'Reset circuit' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Close it' }).click();
    await card.locator('.figures > div', { hasText: 'Success' }).getByText('–').waitFor();
    expect(await card.innerText()).toMatch(/Failures\s+1/);
  });

  it('about a call whose deadline had no time for an agent lists that agent once, with the reason, and each error once', async () => {
    await desk.node.agent('left-out', says('never asked'));
    await desk.node.http.register('hasty', await closedPort(), {
      max_retries: 0,
      fallback_agents: ['left-out'],
    });
    const { body } = await desk.node.http.call({
      agent_name: 'hasty',
      prompt: 'x',
      deadline_seconds: leastSliceMs / 1_000,
    });
    const page = await desk.open(`/calls/${String(body.call_id)}`);
    const chain = page.getByRole('region', { name: 'Chain' }).getByRole('listitem');
    await chain.first().waitFor();
    expect(await chain.count()).toBe(2);
    expect(await chain.last().innerText()).toMatch(/left-out\s+skipped\s+Left out: .* has room for 1 agent/);
    await page.setViewportSize({ width: 390, height: 800 });
    const outcome = await chain.last().locator('.chain-name .hint').boundingBox();
    expect(outcome?.width).toBeGreaterThan(outcome?.height ?? Infinity);
    const error = await page.getByRole('region', { name: 'Error' }).innerText();
    expect(error.match(/the connection was refused/g)).toHaveLength(1);
  });

  it('about a cancelled call says cancelled once, and calls no try failed', async () => {
    const held = gated('too late');
    const agent = await desk.node.agent('held', held.script);
    const { body } = await desk.node.http.call(
      { agent_name: 'held', prompt: 'x' },
      { Prefer: 'respond-async' },
    );
    await agent.waitForRequests(1);
    await desk.node.http.post(`/api/vps/calls/${String(body.call_id)}/cancel`);
    const page = await desk.open(`/calls/${String(body.call_id)}`);
    await page.getByText('cancelled after 1 try').waitFor();
    expect(await mainText(page)).not.toMatch(/failed/);
    expect((await mainText(page)).match(/The call was cancelled/g)).toHaveLength(1);
    held.open();
    await page.goto(`${desk.node.http.url}/calls?agent=held`);
    const row = page.getByRole('row', { name: /held/ });
    await row.getByText('cancelled').first().waitFor();
    expect(await row.getByText('cancelled').count()).toBe(1);
  });

  it('about a failed call shows each error once, labels of backoffs below their bars, and times with their zone', async () => {
    await desk.node.http.register('away', await closedPort(), { max_retries: 1 });
    const { body } = await desk.node.http.call({ agent_name: 'away', prompt: 'x', session_id: 'sad' });
    const page = await desk.open(`/calls/${String(body.call_id)}`, {
      timezoneId: 'Asia/Tokyo',
      locale: 'en-GB',
    });
    const error = page.getByRole('region', { name: 'Error' });
    await error.getByText('the connection was refused').waitFor();
    expect((await error.innerText()).match(/the connection was refused/g)).toHaveLength(1);
    await page.getByText('2 tries in figures').waitFor();
    const wait = page.getByRole('img', { name: /wait before try 2/ });
    const [bar, label] = [await wait.locator('rect').boundingBox(), await wait.locator('text').boundingBox()];
    expect(label?.y).toBeGreaterThanOrEqual((bar?.y ?? 0) + (bar?.height ?? 0));
    expect(await page.locator('.facts time').first().innerText()).toMatch(/^\d\d:\d\d:\d\d GMT\+9$/);
    await page.getByText('left out of later turns').waitFor();
  });

  it('shows the day of a time of another day, and the year of a time of another year', async () => {
    const at = '2021-03-04T05:06:07.000Z';
    const session = { created_at: at, last_activity: at, messages: [], metadata: {} };
    const dayAgo = new Date(Date.now() - 86_400_000).toISOString();
    const late = { ...session, created_at: dayAgo, last_activity: dayAgo };
    const imported = await desk.node.http.post('/api/vps/sessions/import', {
      sessions: { old: session, late },
    });
    expect(imported.status).toBe(200);
    const page = await desk.open('/sessions/old', { timezoneId: 'UTC', locale: 'en-GB' });
    expect(await page.locator('.facts time').first().innerText()).toMatch(/4 Mar 2021.*05:06:07 (UTC|GMT)/);
    await page.goto(`${desk.node.http.url}/sessions/late`);
    await page
      .locator('.facts time')
      .first()
      .getByText(/^\d+ [A-Z][a-z]+( \d{4})?\D+\d\d:\d\d:\d\d/)
      .waitFor();
  });
});
