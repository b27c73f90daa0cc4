/** Live updates: new calls appear without a reload, also after a restart of the node. */
import { rm } from 'node:fs/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startAgent } from '../agents/scripted-agent.ts';
import { gated, says } from '../api/scripts.ts';
import { findBrowser, whyNoBrowser } from '../rig/browser.ts';
import { samePlace, startNodeProcess } from '../rig/node-process.ts';
import { testEnvironment } from '../rig/test-node.ts';
import { openWatched, useBrowser, useDesk } from './use-desk.ts';

const lost = [
  /ERR_CONNECTION_REFUSED/,
  /ERR_INCOMPLETE_CHUNKED_ENCODING/,
  /ERR_CONNECTION_RESET/,
  /ERR_EMPTY_RESPONSE/,
  /status of 503/,
];

describe.skipIf(findBrowser() === undefined)(`the list of calls${whyNoBrowser}`, () => {
  const desk = useDesk();

  it('shows and counts a call when it begins and when it ends', async () => {
    const answer = gated('done');
    await desk.node.agent('slow', answer.script);
    const page = await desk.open('/calls');
    await page.getByText('No calls yet').waitFor();
    const ended = desk.node.http.call({ agent_name: 'slow', prompt: 'x' });
    const row = page.getByRole('row', { name: /slow/ });
    await row.getByText('running').waitFor();
    expect(await page.getByRole('link', { name: /^Running/ }).innerText()).toMatch(/1$/);
    answer.open();
    await ended;
    await row.getByText('completed').waitFor();
    await expect.poll(() => page.getByRole('link', { name: /^Completed/ }).innerText()).toMatch(/1$/);
  });

  it('loads older calls, each once', async () => {
    await desk.node.agent('quick', says('hello'));
    await Promise.all(
      Array.from({ length: 60 }, (_, index) =>
        desk.node.http.call({ agent_name: 'quick', prompt: `${index}`, user_id: 'pager' }),
      ),
    );
    const page = await desk.open('/calls?user=pager');
    const rows = page.getByRole('row', { name: /quick/ });
    await expect.poll(() => rows.count()).toBe(50);
    await page.getByRole('button', { name: 'Older calls' }).click();
    await expect.poll(() => rows.count()).toBe(60);
    await page.getByRole('button', { name: 'Older calls' }).waitFor({ state: 'detached' });
  });

  it('has one stream, which is closed when the page is left', async () => {
    const page = await desk.open('/calls');
    await page.getByText('Live').waitFor();
    const closed = page.waitForEvent('requestfailed', (request) => request.url().includes('/calls/live'));
    await page.getByRole('link', { name: 'Agents' }).click();
    await closed;
  });
});

describe.skipIf(findBrowser() === undefined)(`a node that is restarted${whyNoBrowser}`, () => {
  const browser = useBrowser();

  it('is shown as reconnecting, and calls after its restart appear without a reload', async () => {
    const environment = await testEnvironment();
    onTestFinished(() => rm(environment.HOLDFAST_DATA_DIR, { recursive: true, force: true }));
    const agent = await startAgent(says('hello'));
    onTestFinished(() => agent.close());
    const first = await startNodeProcess(environment);
    await first.http.register('helper', agent.port);
    const page = await openWatched(browser(), `${first.url}/calls`, {}, lost);
    await page.getByText('No calls yet').waitFor();

    first.process.kill('SIGKILL');
    await first.process.exited;
    await page.getByText('Reconnecting…').waitFor();
    const second = await startNodeProcess(samePlace(environment, first));
    await second.http.call({ agent_name: 'helper', prompt: 'x' });
    await page
      .getByRole('row', { name: /helper/ })
      .getByText('completed')
      .waitFor();
    await page.getByText('Live', { exact: true }).waitFor();
  });

  it('shows a session and a call that were opened while it was down, as soon as it is back', async () => {
    const environment = await testEnvironment();
    onTestFinished(() => rm(environment.HOLDFAST_DATA_DIR, { recursive: true, force: true }));
    const agent = await startAgent(says('hello again'));
    onTestFinished(() => agent.close());
    const first = await startNodeProcess(environment);
    await first.http.register('helper', agent.port);
    await first.http.call({ agent_name: 'helper', prompt: 'x', session_id: 'kept-open' });
    const sessions = await openWatched(browser(), `${first.url}/sessions`, {}, lost);
    const calls = await openWatched(browser(), `${first.url}/calls`, {}, lost);
    const session = sessions.getByRole('link', { name: 'kept-open' });
    const call = calls.getByRole('row', { name: /helper/ }).locator('a[data-opens]');
    await Promise.all([session.waitFor(), call.waitFor()]);

    first.process.kill('SIGKILL');
    await first.process.exited;
    await Promise.all([session.click(), call.click()]);
    for (const page of [sessions, calls]) await page.getByText('The node does not answer').waitFor();

    await startNodeProcess(samePlace(environment, first));
    for (const page of [sessions, calls]) await page.getByText('hello again').first().waitFor();
  });
});
