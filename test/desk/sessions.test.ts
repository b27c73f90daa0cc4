/** The pages of sessions: finding, reading, deleting, exporting and importing them. */
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { sessionWorkflowId } from '../../src/domain/ids.ts';
import { newSession } from '../../src/domain/session.ts';
import { loadConfig } from '../../src/platform/config.ts';
import { echo, gated } from '../api/scripts.ts';
import { findBrowser, whyNoBrowser } from '../rig/browser.ts';
import { useDesk } from './use-desk.ts';

describe.skipIf(findBrowser() === undefined)(`the pages of sessions${whyNoBrowser}`, () => {
  const desk = useDesk();
  const speak = (session_id: string, prompt: string) =>
    desk.node.http.call({ agent_name: 'echo', prompt, session_id });

  it('find a session by the beginning of its id, keep that in the URL, and show who said what', async () => {
    await desk.node.agent('echo', echo);
    await speak('order-1', 'first');
    await speak('order-1', 'second');
    await speak('other/of % all', 'elsewhere');
    const page = await desk.open('/sessions');
    await page.getByRole('link', { name: 'other/of % all' }).waitFor();
    await page.getByLabel('Session id begins with').fill('order');
    await page.getByRole('link', { name: 'other/of % all' }).waitFor({ state: 'detached' });
    expect(new URL(page.url()).search).toBe('?id=order');

    await page.getByRole('link', { name: 'order-1' }).click();
    const messages = page.getByRole('main').getByRole('listitem');
    await messages.nth(3).waitFor();
    expect((await messages.allInnerTexts()).map((text) => text.split('\n').at(-1))).toEqual([
      'first',
      're: first',
      'second',
      're: second',
    ]);
  });

  it('list each session with its user, messages and last activity, and which are live', async () => {
    const held = gated('now');
    const agent = await desk.node.agent('held', held.script);
    await desk.node.http.call(
      { agent_name: 'held', prompt: 'x', session_id: 'in-talk', user_id: 'ada' },
      { Prefer: 'respond-async' },
    );
    await agent.waitForRequests(1);
    const page = await desk.open('/sessions');
    const row = page.getByRole('row', { name: /in-talk/ });
    await row.getByText('live').waitFor();
    held.open();
    await row.getByText('live').waitFor({ state: 'detached' });
    await expect.poll(() => row.innerText()).toMatch(/in-talk\s+ada\s+2\s/);
    await row.getByRole('time').click();
    await page.getByText('now', { exact: true }).waitFor();
    await page.goto(`${desk.node.http.url}/sessions?id=in-t`);
    await expect.poll(() => row.innerText()).toMatch(/in-talk\s+ada\s+2\s/);
  });

  it('show a message of a session as soon as it is there, and the call that makes it', async () => {
    const held = gated('the answer');
    const agent = await desk.node.agent('thinker', held.script);
    await desk.node.http.patch('/api/vps/sessions/followed', { system: 'Be brief.' });
    const page = await desk.open('/sessions/followed');
    await page.getByText('Live', { exact: true }).waitFor();
    const request = { agent_name: 'thinker', prompt: 'the question', session_id: 'followed' };
    const ended = desk.node.http.call(request);
    await agent.waitForRequests(1);
    await page.getByRole('list', { name: 'Running calls' }).getByText('thinker').waitFor();
    held.open();
    await ended;
    await page.locator('.transcript').getByText('the answer').waitFor();
    await page.locator('.transcript').getByText('the question').waitFor();
    await page.getByRole('list', { name: 'Running calls' }).waitFor({ state: 'detached' });
  });

  it('open a long session at its newest message and load older ones on scrolling up', async () => {
    const at = new Date().toISOString();
    const messages = Array.from({ length: 120 }, (_, number) => ({
      timestamp: at,
      role: number % 2 === 0 ? 'user' : 'assistant',
      content: `message ${number}`,
    }));
    const session = { created_at: at, last_activity: at, messages };
    await desk.node.http.post('/api/vps/sessions/import', { sessions: { long: session } });
    const page = await desk.open('/sessions/long');
    const shown = page.locator('.transcript').getByRole('listitem');
    const text = (content: string) => page.getByText(content, { exact: true });
    await expect.poll(() => text('message 119').isVisible()).toBe(true);
    expect(await shown.count()).toBe(50);
    await expect.poll(() => page.evaluate('document.documentElement.scrollTop')).toBeGreaterThan(0);

    const whereIs = async () => (await text('message 70').boundingBox())?.y ?? NaN;
    await page.evaluate('document.documentElement.scrollTop = 0');
    await expect.poll(() => shown.count()).toBe(100);
    expect(await page.evaluate('document.documentElement.scrollTop')).toBeGreaterThan(0);
    expect(await whereIs()).toBeLessThan(2_000); // What was in view has stayed there.
    await page.getByRole('button', { name: 'Older messages' }).click();
    await expect.poll(() => shown.count()).toBe(120);
    expect(await page.getByRole('button', { name: 'Older messages' }).count()).toBe(0);
    expect((await shown.allInnerTexts()).map((one) => one.split('\n').at(-1))).toEqual(
      messages.map(({ content }) => content),
    );
  });

  it('fork a session from any turn, under an id that may be chosen', async () => {
    await desk.node.agent('echo', echo);
    for (const prompt of ['one', 'two', 'three']) await speak('trunk', prompt);
    const note = { messages: [{ role: 'user', content: 'a note' }] };
    await desk.node.http.post('/api/vps/sessions/trunk/messages', note);
    const page = await desk.open('/sessions/trunk', {}, [/409 \(Conflict\)/]);
    const forks = page.getByRole('button', { name: /^Fork/ });
    await forks.nth(3).waitFor();
    expect(await forks.count()).toBe(4); // At the ends of the turns, not after their prompts.
    const fork = async (after: number, id: string): Promise<void> => {
      await page.getByRole('button', { name: `Fork after message ${after}`, exact: true }).click();
      await page.getByRole('dialog').getByLabel('Id of the new session').fill(id);
      await page.getByRole('dialog').getByRole('button', { name: 'Make the fork' }).click();
    };
    await fork(4, 'trunk');
    await page.getByRole('dialog').getByText("Session 'trunk' exists").waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
    await fork(4, 'branch/1');
    await expect.poll(() => page.url()).toMatch(/\/sessions\/branch%2F1$/);
    const messages = page.locator('.transcript').getByRole('listitem');
    await messages.nth(3).waitFor();
    expect((await messages.allInnerTexts()).map((text) => text.split('\n').at(-1))).toEqual([
      'one',
      're: one',
      'two',
      're: two',
    ]);
    await fork(2, '');
    await expect.poll(() => page.url()).toMatch(/\/sessions\/[0-9a-f-]{36}$/);
    await expect.poll(() => messages.count()).toBe(2);
  });

  it('regenerate the last answer in a fork, and leave the session as it is', async () => {
    let asked = 0;
    const windows: number[] = [];
    await desk.node.agent('moody', ({ body }) => {
      windows.push((body as { messages: unknown[] }).messages.length);
      asked += 1;
      return { body: { content: `answer ${asked}` } };
    });
    const ask = (prompt: string) =>
      desk.node.http.call({ agent_name: 'moody', prompt, session_id: 'moods', user_id: 'ada' });
    await ask('first');
    await ask('again?');
    const page = await desk.open('/sessions/moods');
    await page.getByRole('button', { name: 'Regenerate' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Regenerate' }).click();
    await expect.poll(() => page.url()).toMatch(/\/calls\//);
    await page.getByText('answer 3').first().waitFor();
    expect(windows).toEqual([1, 3, 3]);

    await page.getByRole('link', { name: 'All 4 messages' }).click();
    await page.getByText('answer 3').first().waitFor();
    const contents = async (id: string) => {
      const { body } = await desk.node.http.get(`/api/vps/sessions/${id}`);
      return { user: body.user_id, said: (body.messages as { content: string }[]).map((one) => one.content) };
    };
    expect(await contents('moods')).toEqual({
      user: 'ada',
      said: ['first', 'answer 1', 'again?', 'answer 2'],
    });
    expect(await contents(new URL(page.url()).pathname.split('/').at(-1) ?? '')).toEqual({
      user: 'ada',
      said: ['first', 'answer 1', 'again?', 'answer 3'],
    });
  });

  it('show the system prompt and the window of a session', async () => {
    const settings = { system: 'Be brief.', window: { turns: 1 } };
    await desk.node.http.patch('/api/vps/sessions/prepared', settings);
    const page = await desk.open('/sessions/prepared');
    await page.getByText('Be brief.').waitFor();
    await page.getByText('at most 1 turn', { exact: true }).waitFor();
  });

  it('reach a session whose id has characters with a meaning in URLs', async () => {
    await desk.node.agent('echo', echo);
    await speak('other/of % all', 'elsewhere');
    const page = await desk.open('/sessions?id=other');
    await page.getByRole('link', { name: 'other/of % all' }).click();
    await page.getByText('re: elsewhere').first().waitFor();
  });

  it('reach and delete sessions whose ids cannot be a path segment', async () => {
    const { http, temporal } = desk.node;
    await desk.node.agent('echo', echo);
    await speak('export', 'shadowed');
    await temporal.workflow.start('session', {
      workflowId: sessionWorkflowId('..'),
      taskQueue: 'holdfast',
      args: [newSession('..', Date.now()), loadConfig({}).session],
    });
    for (const [id, shown] of [
      ['export', 're: shadowed'],
      ['..', 'No messages yet'],
    ] as const) {
      const page = await desk.open('/sessions');
      await page
        .getByRole('table', { name: 'Sessions' })
        .getByRole('link', { name: id, exact: true })
        .click();
      await page.getByText(shown).first().waitFor();
      await page.reload(); // The node itself serves this path, too.
      await page.getByRole('button', { name: 'Delete' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Delete the session' }).click();
      await expect.poll(() => page.url()).toMatch(/\/sessions$/);
      expect((await http.get(`/api/vps/sessions?id=${id}`)).status).toBe(404);
    }
  });

  it('delete a session after a confirmation, and import it again from an export', async () => {
    await desk.node.agent('echo', echo);
    await speak('kept-in-a-file', 'remember me');
    const page = await desk.open('/sessions');
    const download = page.waitForEvent('download');
    await page.getByRole('link', { name: 'Export all' }).click();
    const file = await (await download).path();
    expect(await readFile(file, 'utf8')).toContain('remember me');

    await page.goto(`${desk.node.http.url}/sessions/kept-in-a-file`);
    await page.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete the session' }).click();
    await expect.poll(() => page.url()).toMatch(/\/sessions$/);
    expect((await desk.node.http.get('/api/vps/sessions/kept-in-a-file')).status).toBe(404);

    await page.getByRole('button', { name: 'Import' }).click();
    await page.getByRole('dialog').getByLabel('File').setInputFiles(file);
    await page.getByRole('dialog').getByRole('button', { name: 'Import' }).click();
    await page.getByText(/1 session imported/).waitFor();
    expect((await desk.node.http.get('/api/vps/sessions/kept-in-a-file')).status).toBe(200);
  });
});
