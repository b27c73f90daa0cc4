/** A call and its rerun side by side; a batch whose calls failed again; what an agent answered to a failed try. */
import { describe, expect, it } from 'vitest';
import { gated } from '../api/scripts.ts';
import { findBrowser, whyNoBrowser } from '../rig/browser.ts';
import { axeFindings, overflowPx } from './axe.ts';
import { useDesk } from './use-desk.ts';

describe.skipIf(findBrowser() === undefined)(`a call and its rerun${whyNoBrowser}`, () => {
  const desk = useDesk();
  const rerun = async (id: unknown, overrides: object): Promise<string> => {
    const { body } = await desk.node.http.post(`/api/vps/calls/${String(id)}/rerun`, overrides);
    await expect
      .poll(
        async () => (await desk.node.http.get(`/api/vps/calls/${String(body['call_id'])}`)).body['status'],
      )
      .not.toBe('running');
    return String(body['call_id']);
  };

  it('are compared side by side: facts that differ, and the words that only one answer has', async () => {
    await desk.node.agent('clerk', () => ({ body: { content: 'The order ships on Monday, by train.' } }));
    await desk.node.agent('chief', () => ({ body: { content: 'The order ships on Tuesday, by train.' } }));
    const { call_id: id } = (await desk.node.http.call({ agent_name: 'clerk', prompt: 'When?' })).body;
    await rerun(id, { agent_name: 'chief' });
    const page = await desk.open(`/calls/${String(id)}`);
    await page.getByRole('link', { name: /^Compare with/ }).click();
    const answer = page.getByRole('region', { name: 'Answer' });
    await answer.getByRole('deletion').getByText('Monday', { exact: true }).waitFor();
    expect(await answer.getByRole('deletion').allInnerTexts()).toEqual(['Monday']);
    expect(await answer.getByRole('insertion').allInnerTexts()).toEqual(['Tuesday']);
    expect(await page.getByRole('region', { name: 'Prompt' }).innerText()).toContain('the same');
    const fact = (name: string) => page.getByRole('row', { name: new RegExp(`^${name}`) });
    expect(await fact('Asked').innerText()).toMatch(/differs\s+clerk\s+chief/);
    expect(await fact('Attempts').innerText()).toMatch(/clerk: answered, 1 try\s+chief: answered, 1 try/);
    expect(await axeFindings(page)).toEqual([]);
    await page.setViewportSize({ width: 390, height: 844 });
    expect(await overflowPx(page)).toBe(0);
    expect(await axeFindings(page)).toEqual([]);
    const [first, second] = await Promise.all(
      [0, 1].map((of) => answer.locator('pre').nth(of).boundingBox()),
    );
    expect(second?.y).toBeGreaterThan(first?.y ?? Infinity);
    await page.reload();
    await answer.getByRole('insertion').waitFor();
    await page.getByRole('navigation', { name: 'Way back' }).getByRole('link').click();
    await page.getByText('Rerun as').waitFor();
  });

  it('show what the agent answered to a try that failed', async () => {
    await desk.node.agent(
      'busy',
      () => ({ status: 429, headers: { 'Retry-After': '7' }, body: { error: 'too many requests today' } }),
      { max_retries: 0 },
    );
    const { call_id: id } = (await desk.node.http.call({ agent_name: 'busy', prompt: 'x' })).body;
    const page = await desk.open(`/calls/${String(id)}`);
    await page.getByText('The try in figures').click();
    const row = page.getByRole('row', { name: /answered 429/ });
    expect(await row.innerText()).toContain('retry-after: 7');
    expect(await row.innerText()).toContain('too many requests today');
    expect(await axeFindings(page)).toEqual([]);
  });

  it('are in a batch that is not shown as a success if calls have failed again', async () => {
    await desk.node.agent('dead', () => ({ status: 401 }), { max_retries: 0 });
    await desk.node.http.call({ agent_name: 'dead', prompt: 'x' });
    const { body } = await desk.node.http.post('/api/vps/reruns', { filter: { agent: 'dead' } });
    const page = await desk.open(`/batches/${String(body['batch_id'])}`);
    const status = page.getByRole('heading', { level: 1 }).getByText('completed, 1 failed again');
    await status.waitFor();
    expect(await status.getAttribute('class')).toContain('status-failed');
    await page.getByRole('link', { name: /^Compare/ }).waitFor();
    await page.goto(`${desk.node.http.url}/batches`);
    await page
      .getByRole('row', { name: /1 failed again/ })
      .locator('time')
      .click();
    await expect.poll(() => page.url()).toContain(String(body['batch_id']));
  });

  it('say which call is ahead of one that waits for its turn', async () => {
    const held = gated('done');
    const agent = await desk.node.agent('talker', held.script);
    const ask = async (prompt: string): Promise<string> => {
      const request = { agent_name: 'talker', prompt, session_id: 'in-line' };
      return String((await desk.node.http.call(request, { Prefer: 'respond-async' })).body['call_id']);
    };
    const first = await ask('first');
    await agent.waitForRequests(1);
    const page = await desk.open(`/calls/${await ask('second')}`);
    await page.getByText('Waiting for its turn behind').getByRole('link').click();
    await expect.poll(() => page.url()).toContain(first);
    held.open();
  });
});
