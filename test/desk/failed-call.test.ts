/** The morning after: find a failed call, see why it failed, repair its agent, rerun it, and see it succeed. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { startAgent } from '../agents/scripted-agent.ts';
import { closedPort } from '../agents/support.ts';
import { gated } from '../api/scripts.ts';
import { findBrowser, whyNoBrowser } from '../rig/browser.ts';
import { useDesk } from './use-desk.ts';

describe.skipIf(findBrowser() === undefined)(`a failed call${whyNoBrowser}`, () => {
  const desk = useDesk();

  it('can be found, understood by its timeline, rerun after its agent is repaired, and watched until it succeeds', async () => {
    const { http } = desk.node;
    await desk.node.agent('strict', () => ({ status: 401 }), { max_retries: 0 });
    await http.register('crm', await closedPort(), { max_retries: 1, fallback_agents: ['strict'] });
    const { call_id: failed } = (await http.call({ agent_name: 'crm', prompt: 'the invoice of 77' })).body;
    await http.call({ agent_name: 'strict', prompt: 'something else' });

    const page = await desk.open('/calls');
    const rows = page.getByRole('table', { name: 'Calls' }).getByRole('row');
    await expect.poll(() => rows.count()).toBe(3);
    await page.getByRole('link', { name: /^Failed/ }).click();
    await page.getByText('More filters').click();
    await page.getByLabel('Agent asked').fill('crm');
    await expect.poll(() => rows.count()).toBe(2); // The header counts as one.
    expect(Object.fromEntries(new URL(page.url()).searchParams)).toEqual({ status: 'failed', agent: 'crm' });
    await rows.locator('a[data-opens]').click();

    const bars = page.getByRole('group', { name: 'Timeline' }).getByRole('img');
    await expect.poll(() => bars.count()).toBe(4); // Two tries of one agent, the backoff between them, one try of the other.
    const labels = await Promise.all((await bars.all()).map((bar) => bar.getAttribute('aria-label')));
    expect(labels).toEqual([
      expect.stringMatching(/^crm, try 1: connection/),
      expect.stringMatching(/^crm, wait before try 2: waited/),
      expect.stringMatching(/^crm, try 2: connection/),
      expect.stringMatching(/^strict, try 1: auth/),
    ]);
    await bars.first().focus();
    await page.locator('.tip').getByText('crm, try 1').waitFor();

    const answer = gated('Invoice 77 is paid.');
    const repaired = await startAgent(answer.script);
    onTestFinished(() => repaired.close());
    await http.register('crm', repaired.port, { max_retries: 0 });
    await page.getByRole('button', { name: 'Rerun' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Rerun the call' }).click();
    await page.getByText('Rerun of').waitFor();
    await page.evaluate('window.stillHere = true');
    await repaired.waitForRequests(1);
    await page.getByRole('img', { name: /^crm, try 1: asking now/ }).waitFor();
    answer.open();
    await page.getByRole('region', { name: 'Answer' }).getByText('Invoice 77 is paid.').first().waitFor();
    await page.getByRole('img', { name: /^crm, try 1: answered/ }).waitFor();
    expect(await page.evaluate('window.stillHere')).toBe(true);

    await page.getByRole('link', { name: new RegExp(`^${String(failed).slice(0, 13)}`) }).click();
    await page.getByText('Rerun as').waitFor();
  });

  it('can be rerun with another agent and another prompt by the form', async () => {
    const { http } = desk.node;
    await desk.node.agent('broken', () => ({ status: 401 }), { max_retries: 0 });
    const other = await desk.node.agent('other', () => ({ body: { content: 'gladly' } }));
    const { call_id: failed } = (await http.call({ agent_name: 'broken', prompt: 'please' })).body;
    const page = await desk.open(`/calls/${String(failed)}`);
    await page.getByText('Nothing has changed since').waitFor();
    await page.getByRole('button', { name: 'Rerun' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('Change the request').click();
    await dialog.getByRole('combobox', { name: /^Agent/ }).fill('other');
    await dialog.getByLabel('Prompt').fill('pretty please');
    await dialog.getByRole('button', { name: 'Rerun the call' }).click();
    await page.getByRole('region', { name: 'Answer' }).getByText('gladly').first().waitFor();
    expect(JSON.stringify(other.requests.map(({ body }) => body))).toContain('pretty please');

    await page.getByRole('link', { name: new RegExp(`^${String(failed).slice(0, 13)}`) }).click();
    await page.getByText('Rerun as').waitFor();
    await page.getByText('No other agent would be asked').waitFor();
    expect(await page.getByText('Nothing has changed since').count()).toBe(0);
  });

  it('is rerun only once if the answer to the first click is lost and the button is clicked again', async () => {
    await desk.node.agent('lost', () => ({ status: 401 }), { max_retries: 0 });
    const { body } = await desk.node.http.call({ agent_name: 'lost', prompt: 'please' });
    const agent = await desk.node.agent('lost', () => ({ body: { content: 'just once' } }));
    const page = await desk.open(`/calls/${String(body.call_id)}`, {}, [/ERR_FAILED .*\/rerun$/]);
    await page.route(
      '**/rerun',
      async (route) => {
        await route.fetch(); // The node accepts the rerun, but the page does not get the answer.
        await route.abort();
      },
      { times: 1 },
    );
    await page.getByRole('button', { name: 'Rerun' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Rerun the call' }).click();
    await dialog.getByText('The node does not answer').waitFor();
    await dialog.getByRole('button', { name: 'Rerun the call' }).click();

    await page.getByText('The rerun was already accepted at an earlier click').waitFor();
    await page.getByRole('region', { name: 'Answer' }).getByText('just once').first().waitFor();
    expect(agent.requests).toHaveLength(1);
  });
});
