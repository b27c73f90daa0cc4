/** The morning after: find the call that failed, see why, repair the agent, run it again, see it succeed. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { startAgent } from '../agents/scripted-agent.ts';
import { closedPort } from '../agents/support.ts';
import { gated } from '../api/scripts.ts';
import { findBrowser, whyNoBrowser } from '../rig/browser.ts';
import { useDesk } from './use-desk.ts';

describe.skipIf(findBrowser() === undefined)(`a failed call${whyNoBrowser}`, () => {
  const desk = useDesk();

  it('is found by its error, understood by its timeline, run again once its agent is repaired, and seen to succeed', async () => {
    const { http } = desk.node;
    await desk.node.agent('strict', () => ({ status: 401 }), { max_retries: 0 });
    await http.register('crm', await closedPort(), { max_retries: 1, fallback_agents: ['strict'] });
    const { call_id: failed } = (await http.call({ agent_name: 'crm', prompt: 'the invoice of 77' })).body;
    await http.call({ agent_name: 'strict', prompt: 'something else' });

    const page = await desk.open('/');
    const rows = page.getByRole('table', { name: 'Calls' }).getByRole('row');
    await expect.poll(() => rows.count()).toBe(3);
    await page.getByRole('link', { name: /^Failed/ }).click();
    await page.getByText('More filters').click();
    await page.getByLabel('Agent asked').fill('crm');
    await expect.poll(() => rows.count()).toBe(2); // Its header is one.
    expect(Object.fromEntries(new URL(page.url()).searchParams)).toEqual({ status: 'failed', agent: 'crm' });
    await rows.getByRole('link').click();

    const bars = page.getByRole('group', { name: 'Timeline' }).getByRole('img');
    await expect.poll(() => bars.count()).toBe(4); // Two tries of one, the wait between them, one of the other.
    const said = await Promise.all((await bars.all()).map((bar) => bar.getAttribute('aria-label')));
    expect(said).toEqual([
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

    await page.getByRole('link', { name: String(failed).slice(0, 13) }).click();
    await page.getByText('Rerun as').waitFor();
  });

  it('is run again from another agent, with another prompt, as the form says', async () => {
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

    await page.getByRole('link', { name: String(failed).slice(0, 13) }).click();
    await page.getByText('Rerun as').waitFor();
    await page.getByText('Nobody else would be asked').waitFor();
    expect(await page.getByText('Nothing has changed since').count()).toBe(0);
  });

  it('is run again once where the answer to the first click is lost and the button is clicked again', async () => {
    await desk.node.agent('lost', () => ({ status: 401 }), { max_retries: 0 });
    const { body } = await desk.node.http.call({ agent_name: 'lost', prompt: 'please' });
    const agent = await desk.node.agent('lost', () => ({ body: { content: 'just once' } }));
    const page = await desk.open(`/calls/${String(body.call_id)}`, {}, [/ERR_FAILED .*\/rerun$/]);
    await page.route(
      '**/rerun',
      async (route) => {
        await route.fetch(); // The node accepts it; the page never hears of that.
        await route.abort();
      },
      { times: 1 },
    );
    await page.getByRole('button', { name: 'Rerun' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Rerun the call' }).click();
    await dialog.getByText('The node does not answer').waitFor();
    await dialog.getByRole('button', { name: 'Rerun the call' }).click();

    await page.getByText('The rerun was accepted at an earlier click').waitFor();
    await page.getByRole('region', { name: 'Answer' }).getByText('just once').first().waitFor();
    expect(agent.requests).toHaveLength(1);
  });
});
