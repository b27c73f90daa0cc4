/** A batch of 200 calls: each is asked once, the page follows it live, and it survives a crash of the facade. */
import { rm } from 'node:fs/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startAgent } from '../agents/scripted-agent.ts';
import { findBrowser, whyNoBrowser } from '../rig/browser.ts';
import { samePlace, startNodeProcess } from '../rig/node-process.ts';
import { testEnvironment } from '../rig/test-node.ts';
import { axeFindings, overflowPx } from './axe.ts';
import { openWatched, useBrowser } from './use-desk.ts';

const calls = 200;
const lost = [
  /ERR_CONNECTION_REFUSED/,
  /ERR_INCOMPLETE_CHUNKED_ENCODING/,
  /ERR_CONNECTION_RESET/,
  /ERR_EMPTY_RESPONSE/,
  /status of 503/,
];

describe.skipIf(findBrowser() === undefined)(`a batch of ${calls} failed calls${whyNoBrowser}`, () => {
  const browser = useBrowser();

  it('is shown as a dry run, started, followed across kill -9 of the node, and ends with every call answered once', async () => {
    const environment = await testEnvironment();
    onTestFinished(() => rm(environment.HOLDFAST_DATA_DIR, { recursive: true, force: true }));
    let repaired = false;
    const agent = await startAgent(() => (repaired ? { body: { content: 'well' } } : { status: 401 }));
    onTestFinished(() => agent.close());
    const first = await startNodeProcess(environment);
    await first.http.register('crm', agent.port, { max_retries: 0 });
    for (let sent = 0; sent < calls; sent += 10)
      await Promise.all(
        Array.from({ length: 10 }, (_, one) =>
          first.http.call({ agent_name: 'crm', prompt: `customer ${sent + one}` }),
        ),
      );
    repaired = true;
    agent.requests.length = 0;

    const page = await openWatched(browser(), `${first.url}/calls?status=failed`, {}, lost);
    await page.getByRole('link', { name: `Failed ${calls}` }).waitFor();
    await page.getByRole('button', { name: 'Rerun all that match' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText(`${calls} calls`, { exact: true }).waitFor();
    await dialog.getByLabel('Calls per second').fill('25');
    await dialog.getByRole('button', { name: `Rerun ${calls} calls` }).click();
    await expect.poll(() => page.url()).toMatch(/\/batches\/./);
    await page.evaluate('window.stillHere = true');

    const bar = page.getByRole('progressbar');
    const done = async (): Promise<number> => Number(await bar.getAttribute('aria-valuenow'));
    await expect.poll(done).toBeGreaterThan(20);
    first.process.kill('SIGKILL');
    await first.process.exited;
    await page.getByText('Reconnecting…').waitFor();
    const before = await done();
    expect(before).toBeLessThan(calls);

    const second = await startNodeProcess(samePlace(environment, first));
    await expect.poll(done, { timeout: 90_000 }).toBe(calls);
    await page.getByRole('heading', { name: /completed/ }).waitFor();
    expect(await page.evaluate('window.stillHere')).toBe(true);
    const succeeded = page.locator('.figures > div', { hasText: 'Succeeded' });
    expect(await succeeded.innerText()).toContain(`${calls}`);
    await expect.poll(() => page.getByRole('row', { name: /succeeded/ }).count()).toBe(100);
    await page.getByRole('button', { name: `All ${calls}` }).click();
    await expect.poll(() => page.getByRole('row', { name: /succeeded/ }).count()).toBe(calls);
    expect(await axeFindings(page)).toEqual([]);
    await page.setViewportSize({ width: 390, height: 844 });
    expect(await overflowPx(page)).toBe(0);

    // A prompt is sent again only if the crash interrupted its request (I3), then with the same key.
    const keys = agent.requests.map(({ callKey }) => callKey);
    expect(new Set(keys).size).toBe(calls);
    const { batches } = (await second.http.get('/api/vps/reruns')).body as { batches: object[] };
    expect(batches).toMatchObject([{ status: 'completed', total: calls, now_succeeded: calls }]);
  }, 240_000);
});
