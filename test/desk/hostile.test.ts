/** Text of agents and callers is shown as text everywhere, never as HTML. */
import { describe, expect, it } from 'vitest';
import { findBrowser, whyNoBrowser } from '../rig/browser.ts';
import { useDesk } from './use-desk.ts';

const attack = '<img src=x onerror="window.hacked = true">';

describe.skipIf(findBrowser() === undefined)(`hostile texts${whyNoBrowser}`, () => {
  const desk = useDesk();

  it('stay text in answers, prompts, errors, names, sessions and users', async () => {
    const { http } = desk.node;
    await desk.node.agent(attack, () => ({ body: { content: `answer ${attack}` } }));
    await desk.node.agent('liar', () => ({ status: 400, body: { error: { message: `error ${attack}` } } }));
    const request = { prompt: `prompt ${attack}`, session_id: attack, user_id: attack };
    const answered = await http.call({ agent_name: attack, ...request });
    const failed = await http.call({ agent_name: 'liar', ...request });
    expect(failed.body.error).toContain(attack);
    const paths = [
      '/calls',
      '/agents',
      '/sessions',
      `/sessions/${encodeURIComponent(attack)}`,
      `/calls/${String(answered.body.call_id)}`,
      `/calls/${String(failed.body.call_id)}`,
      `/calls?agent=${encodeURIComponent(attack)}&text=${encodeURIComponent(attack)}`,
    ];
    for (const path of paths) {
      const page = await desk.open(path);
      const shown = path.includes('text=')
        ? page.getByText('No call matches')
        : page.getByText(attack).first();
      await shown.waitFor();
      await page.locator('[aria-busy=true]').first().waitFor({ state: 'detached' });
      expect(await page.locator('img').count()).toBe(0);
      expect(await page.evaluate('window.hacked')).toBeUndefined();
    }
  });
});
