/** The overview of 7 days with 100,000 calls is there within a second. */
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { findBrowser, whyNoBrowser } from '../rig/browser.ts';
import { writeWeek } from './figures-of-a-week.ts';
import { gistOf } from './plots-at.ts';
import { says } from '../api/scripts.ts';
import { useDesk } from './use-desk.ts';

const callsPerHour = 605;
const mostMs = 1_000;
/** The fastest counts: other tests run beside this one. */
const times = 3;

describe.skipIf(findBrowser() === undefined)(`the overview of a week${whyNoBrowser}`, () => {
  const desk = useDesk();
  let calls = 0;
  beforeAll(async () => {
    await desk.node.agent('alpha', says('hello'));
    const completeUntil = async () => (await desk.node.http.get('/api/vps/figures')).body['complete_until'];
    // The node's own writer completes the time until its start.
    await vi.waitFor(async () => expect(await completeUntil()).not.toBeNull(), 30_000);
    calls = await writeWeek(desk.node.dataDir, callsPerHour);
  });

  it('with 100,000 calls is answered by the API, and drawn by the desk, within a second', async () => {
    expect(calls).toBeGreaterThan(100_000);
    const from = new Date(Date.now() - 7 * 86_400_000).toISOString();
    const answer = await fastest(() => desk.node.http.get(`/api/vps/figures?from=${from}&step=hour`));
    const page = await desk.open('/agents');
    const drawn = await fastest(async () => {
      await page.goto(`${desk.node.http.url}/?range=7d`);
      await page.locator('[data-drawn]').nth(4).waitFor();
    });
    expect(await gistOf(page, 'Calls')).toContain(`${new Intl.NumberFormat('en-US').format(calls)} calls`);
    console.log(`7 days of ${calls} calls: API ${Math.round(answer)} ms, page ${Math.round(drawn)} ms`);
    expect(answer).toBeLessThan(mostMs);
    expect(drawn).toBeLessThan(mostMs);
  });
});

/** Returns how many ms the fastest of a few runs takes. */
async function fastest(work: () => Promise<unknown>): Promise<number> {
  const took: number[] = [];
  for (let run = 0; run < times; run++) {
    const start = performance.now();
    await work();
    took.push(performance.now() - start);
  }
  return Math.min(...took);
}
