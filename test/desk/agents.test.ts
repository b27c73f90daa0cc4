/** The page of agents: registering, editing, probing and removing them. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { startAgent } from '../agents/scripted-agent.ts';
import { says } from '../api/scripts.ts';
import { findBrowser, whyNoBrowser } from '../rig/browser.ts';
import { useDesk } from './use-desk.ts';

describe.skipIf(findBrowser() === undefined)(`the page of agents${whyNoBrowser}`, () => {
  const desk = useDesk();

  it('registers the first agent by its form, and names the field that the API refuses', async () => {
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

  it('shows an open circuit, closes it on request, and probes an agent', async () => {
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
    await page.getByText(/shaky answered the probe: 200 in \d+ ms/).waitFor();
  });

  it('takes an agent out of rotation with a reason, an end and a choice, shows it, changes it, and resumes it', async () => {
    await desk.node.agent('resting', says('hello'));
    const paused = async () => (await desk.node.http.get('/api/vps/agents?id=resting')).body.paused;
    const page = await desk.open('/agents');
    const card = page.getByRole('article', { name: 'resting' });
    await card.getByRole('button', { name: 'Pause… resting' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Calls that name it are refused').check();
    await dialog.getByLabel('Reason').fill('a new model is rolled out');
    await dialog.getByRole('combobox').selectOption('1 hour');
    await dialog.getByRole('button', { name: 'Pause it' }).click();

    await card.getByText(/Paused since .* until .*: calls that name it are refused\. a new model/).waitFor();
    expect(await paused()).toMatchObject({ reason: 'a new model is rolled out', new_calls: 'refuse' });
    const { until } = (await paused()) as { until: string };
    expect(Math.abs(Date.parse(until) - Date.now() - 3_600_000)).toBeLessThan(60_000);

    await card.getByRole('button', { name: 'Change pause… resting' }).click();
    expect(await dialog.getByLabel('Reason').inputValue()).toBe('a new model is rolled out');
    expect(await dialog.getByLabel('Calls that name it are refused').isChecked()).toBe(true);
    await dialog.getByLabel('Calls wait for it').check();
    await dialog.getByRole('button', { name: 'Pause it' }).click();
    await card.getByText(/calls wait for it/).waitFor();
    expect(await paused()).toMatchObject({ until, new_calls: 'wait' });

    await card.getByRole('link', { name: 'resting', exact: true }).click();
    const health = page.getByRole('region', { name: 'Health' });
    await health.getByText('paused', { exact: true }).waitFor();
    await health.getByText(/Paused since .* until .*: calls wait for it\. a new model/).waitFor();
    await health.getByRole('button', { name: 'Change pause… resting' }).click();
    await dialog.getByRole('combobox').selectOption('Until it is resumed');
    await dialog.getByRole('button', { name: 'Pause it' }).click();
    await expect.poll(async () => ((await paused()) as { until: unknown }).until).toBeNull();
    await page.goBack();

    await card.getByRole('button', { name: 'Resume resting' }).click();
    await card.getByText('Paused since').waitFor({ state: 'detached' });
    expect(await paused()).toBeNull();
  });

  it('edits an agent without losing its other fields or its token, and refuses to register a name that is taken', async () => {
    const agent = await desk.node.agent('careful', says('hello'), {
      auth_token: 'tk-careful',
      fallback_agents: ['nobody'],
      max_retries: 1,
      max_concurrency: 5,
      history: 'none',
      timeout_seconds: 2.5,
      health_path: '/health',
      expect: { min_length: 2, json_schema: null, deny_regex: 'sorry' },
    });
    const config = async () => {
      const { agents } = (await desk.node.http.get('/api/vps/agents')).body as { agents: { name: string }[] };
      return agents.find(({ name }) => name === 'careful');
    };
    const before = await config();
    const page = await desk.open('/agents', {}, [/status of 422/]);
    const card = page.getByRole('article', { name: 'careful' });
    await card.getByText('not registered').waitFor();
    await page.getByRole('button', { name: 'Register an agent' }).click();
    await page.getByLabel('Name').fill('careful');
    await page.getByRole('button', { name: 'Register', exact: true }).click();
    await page.getByRole('alert').getByText('careful is already registered').waitFor();
    expect(await config()).toEqual(before);
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();

    await card.getByRole('button', { name: 'Edit careful' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Retries').fill('0');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await page.getByText(/careful is changed; fallback_agents: 'nobody' is not registered/).waitFor();
    expect(await config()).toEqual({ ...before, max_retries: 0 });
    await desk.node.http.call({ agent_name: 'careful', prompt: 'hello' });
    expect(agent.requests.at(-1)?.headers.authorization).toBe('Bearer tk-careful');

    await card.getByRole('button', { name: 'Edit careful' }).click();
    await dialog.locator('[name=host]').fill('127.0.0.2');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.getByRole('alert').getByText('Token: the token is for http://127.0.0.1').waitFor();
    await dialog.locator('[name=host]').fill('127.0.0.1');
    await dialog.getByLabel('Remove the present token').check();
    await dialog.getByLabel('Expectation').fill('');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.waitFor({ state: 'detached' });
    expect(await config()).toEqual({ ...before, max_retries: 0, expect: null, has_auth_token: false });
  });

  it('shows the running nodes, and which of them serves the page', async () => {
    await desk.node.agent('one-at-least', says('hello'));
    const page = await desk.open('/agents');
    const row = page.getByRole('region', { name: 'Nodes' }).getByRole('row', { name: desk.node.http.url });
    await row.getByText('serves this page').waitFor();
    await row.getByText('facade and worker').waitFor();
  });

  it('says who falls back to an agent before it is removed', async () => {
    await desk.node.agent('spare', says('hello'));
    await desk.node.agent('relying', says('hello'), { fallback_agents: ['spare'] });
    const page = await desk.open('/agents');
    const card = page.getByRole('article', { name: 'spare' });
    await card.getByRole('button', { name: 'Remove' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('These fall back to it').waitFor();
    expect(await dialog.getByRole('link').allInnerTexts()).toEqual(['relying']);
  });

  it('removes an agent only after a confirmation', async () => {
    await desk.node.agent('short-lived', says('hello'));
    const page = await desk.open('/agents');
    const card = page.getByRole('article', { name: 'short-lived' });
    await card.getByRole('button', { name: 'Remove' }).click();
    await page.getByRole('dialog').getByText('No agent falls back to it').waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Keep as it is' }).click();
    expect(await card.count()).toBe(1);
    await card.getByRole('button', { name: 'Remove' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Remove the agent' }).click();
    await card.waitFor({ state: 'detached' });
    const { agents } = (await desk.node.http.get('/api/vps/agents')).body as { agents: { name: string }[] };
    expect(agents.map(({ name }) => name)).not.toContain('short-lived');
  });
});
