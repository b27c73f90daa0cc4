/** The agents' page: from none to one that is asked, repaired and removed. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { startAgent } from '../agents/scripted-agent.ts';
import { says } from '../api/scripts.ts';
import { findBrowser, whyNoBrowser } from '../rig/browser.ts';
import { useDesk } from './use-desk.ts';

describe.skipIf(findBrowser() === undefined)(`the page of agents${whyNoBrowser}`, () => {
  const desk = useDesk();

  it('leads from no agent to the first one by its form, and says at which field the API has something against it', async () => {
    const agent = await startAgent(says('hello'));
    onTestFinished(() => agent.close());
    const page = await desk.open('/agents', {}, [/status of 422/]);
    await page.getByLabel('Port').fill(String(agent.port));
    await page.getByLabel('Host').fill('169.254.169.254');
    await page.getByRole('button', { name: 'Register', exact: true }).click();
    const problem = page.getByRole('alert');
    await problem.getByText('Agents may not live at this address').waitFor();
    expect(await problem.getByRole('listitem').innerText()).toMatch(/^host /);

    await page.getByLabel('Host').fill('127.0.0.1');
    await page.getByRole('button', { name: 'Register', exact: true }).click();
    await page.getByRole('article', { name: 'helper' }).getByText('healthy').waitFor();
  });

  it('shows an open circuit, closes it when asked, and probes', async () => {
    await desk.node.agent('shaky', ({ method }) => ({ status: method === 'GET' ? 200 : 500 }), {
      max_retries: 0,
      health_path: '/health',
    });
    for (let call = 0; call < 3; call++) await desk.node.http.call({ agent_name: 'shaky', prompt: 'hello' });
    const page = await desk.open('/agents');
    const card = page.getByRole('article', { name: 'shaky' });
    await card.getByText('circuit open').waitFor();
    expect(await card.getByRole('list', { name: 'Last errors' }).getByText('model_error').count()).toBe(3);

    await card.getByRole('button', { name: 'Reset circuit' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Close it' }).click();
    await card.getByText('circuit closed').waitFor();

    await card.getByRole('button', { name: 'Probe now shaky' }).click();
    await page.getByText(/shaky is there: 200 in \d+ ms/).waitFor();
  });

  it('removes one only after a second question', async () => {
    await desk.node.agent('short-lived', says('hello'));
    const page = await desk.open('/agents');
    const card = page.getByRole('article', { name: 'short-lived' });
    await card.getByRole('button', { name: 'Remove' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Keep as it is' }).click();
    expect(await card.count()).toBe(1);
    await card.getByRole('button', { name: 'Remove' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Remove the agent' }).click();
    await card.waitFor({ state: 'detached' });
    const { agents } = (await desk.node.http.get('/api/vps/agents')).body as { agents: { name: string }[] };
    expect(agents.map(({ name }) => name)).not.toContain('short-lived');
  });
});
