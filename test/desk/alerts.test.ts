/** The desk's page of alerts. */
import { beforeAll, describe, expect, it } from 'vitest';
import { askThrice } from '../node/alert-support.ts';
import { findBrowser, whyNoBrowser } from '../rig/browser.ts';
import { axeFindings, overflowPx } from './axe.ts';
import { useDesk } from './use-desk.ts';

const looks = [
  { colorScheme: 'light', viewport: { width: 390, height: 844 } },
  { colorScheme: 'dark', viewport: { width: 1280, height: 800 } },
] as const;

describe.skipIf(findBrowser() === undefined)(`the page of alerts${whyNoBrowser}`, () => {
  const desk = useDesk({ HOLDFAST_ALERT_CHECK_SECONDS: '1', HOLDFAST_ALERT_FOR_SECONDS: '1' });
  let isUp = false;
  beforeAll(async () => {
    const script = () => (isUp ? { body: { content: 'yes' } } : ({ reset: true } as const));
    await desk.node.agent('helper', script, { max_retries: 0 });
    await askThrice(desk.node, 'helper');
  });

  it('shows what is wrong, in the header too, and it is acknowledged and silenced', async () => {
    const page = await desk.open('/alerts');
    const card = page.getByRole('article', { name: 'agent unreachable: helper, active' });
    await card.getByText('docs/operations.md#agent_unreachable').waitFor();
    await card.getByRole('button', { name: /^Acknowledge/ }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Note').fill('restarting it');
    await dialog.getByRole('button', { name: 'Acknowledge it' }).click();
    await card.getByText(/: restarting it/).waitFor();
    await card.getByRole('button', { name: /^Silence/ }).click();
    await dialog.getByLabel('For').selectOption('2 hours');
    await dialog.getByRole('button', { name: 'Silence them' }).click();
    await card.getByText('silenced', { exact: true }).waitFor();
    const silences = page.getByRole('region', { name: 'Silences' });
    await silences.getByText(/agent unreachable about helper/).waitFor();
    for (const look of looks) {
      const other = await desk.open('/alerts', look);
      await other.getByRole('article', { name: /helper, active/ }).waitFor();
      await other.getByRole('link', { name: 'Alerts 1 active' }).waitFor();
      expect(await axeFindings(other)).toEqual([]);
      expect(await overflowPx(other)).toBe(0);
    }
    const overview = await desk.open('/');
    const active = overview.getByRole('region', { name: 'Active alerts' });
    await active.getByText(/agent unreachable/).waitFor();
    expect(await axeFindings(overview)).toEqual([]);
    await silences.getByRole('button', { name: /^End/ }).click();
    await dialog.getByRole('button', { name: 'End it' }).click();
    await silences.waitFor({ state: 'detached' });
    isUp = true;
    await desk.node.http.call({ agent_name: 'helper', prompt: 'x' });
    await page.getByRole('article', { name: 'agent unreachable: helper, resolved' }).waitFor();
    await page.getByText('No alert is active').waitFor();
  }, 90_000);
});
