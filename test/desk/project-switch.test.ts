/** Admins choose the project that the desk shows; the URL says which. */
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { says } from '../api/scripts.ts';
import { findBrowser, whyNoBrowser } from '../rig/browser.ts';
import { submitKey } from './sign-in-at.ts';
import { useDesk } from './use-desk.ts';

const bootstrap = 'key-of-the-desk-0123456789';

describe.skipIf(findBrowser() === undefined)(`the project switch${whyNoBrowser}`, () => {
  const desk = useDesk({ HOLDFAST_API_KEYS: bootstrap });
  const calls: Record<string, string> = {};
  beforeAll(async () => {
    await desk.node.agent('helper', says('hello'));
    await desk.node.http.post('/api/vps/projects', { name: 'crm' });
    for (const project of ['default', 'crm']) {
      const request = { agent_name: 'helper', prompt: `for ${project}`, session_id: 'shared-id' };
      const { body } = await desk.node.http.call(request, { 'Holdfast-Project': project });
      calls[project] = String(body.call_id);
    }
  });

  const open = async (path: string, key = bootstrap): Promise<Page> => {
    const page = await desk.open(path);
    await submitKey(page, key);
    return page;
  };
  const rows = (page: Page) => page.getByRole('table', { name: 'Calls' }).locator('tbody tr');
  const linkTo = (page: Page, id = '') => rows(page).locator(`a[title="${id}"]`);

  it('shows one project or all of them; links, reloads and the history keep to it', async () => {
    const page = await open('/calls');
    await linkTo(page, calls['default']).waitFor();
    expect(await rows(page).count()).toBe(1);

    await page.getByLabel('Project').selectOption('crm');
    await linkTo(page, calls['crm']).waitFor();
    expect(await rows(page).count()).toBe(1);
    expect(page.url()).toContain('/calls?project=crm');

    await page.getByLabel('Project').selectOption('All projects');
    await linkTo(page, calls['default']).waitFor();
    expect(await rows(page).count()).toBe(2);

    await page.goBack();
    await linkTo(page, calls['default']).waitFor({ state: 'detached' });
    expect(await page.getByLabel('Project').inputValue()).toBe('crm');
    await page.reload();
    await linkTo(page, calls['crm']).waitFor();
    expect(await rows(page).count()).toBe(1);

    await page.getByRole('link', { name: 'Sessions' }).click();
    await page.getByRole('link', { name: 'shared-id' }).click();
    await page.getByText('for crm').waitFor();
    await page.goBack();
    await page.goBack();
    await linkTo(page, calls['crm']).waitFor();
    await page.goBack();
    await linkTo(page, calls['default']).waitFor();
    expect(await rows(page).count()).toBe(1);
  });

  it('names the project in the header of requests, in streams and in downloads', async () => {
    const page = await desk.open('/sessions?project=crm');
    const listed = page.waitForRequest(/\/api\/vps\/sessions\?/);
    await submitKey(page, bootstrap);
    expect(await (await listed).headerValue('Holdfast-Project')).toBe('crm');
    const href = await page.getByRole('link', { name: 'Export all' }).getAttribute('href');
    expect(href).toBe('/api/vps/sessions/export?project=crm');
    const stream = page.waitForRequest(/\/calls\/live/);
    await page.getByRole('link', { name: 'Calls', exact: true }).click();
    expect(new URL((await stream).url()).searchParams.get('project')).toBe('crm');
  });

  it('needs no choice for the page of a call, whose id says its project', async () => {
    const page = await open(`/calls/${calls['crm'] ?? ''}`);
    await page.getByRole('group', { name: 'Prompt' }).getByText('for crm').waitFor();
    await page.getByRole('region', { name: 'Conversation' }).getByText('for crm').waitFor();
    await page.getByRole('link', { name: 'shared-id' }).click();
    await page.getByRole('listitem').getByText('for crm').waitFor();
    expect(page.url()).toContain('/sessions/shared-id?project=crm');
    expect(await page.getByText('for default').count()).toBe(0);
  });

  it('shows all sessions with their projects, and offers nothing there that is about one project', async () => {
    const page = await open('/sessions?project=*');
    await page.getByRole('link', { name: 'shared-id crm' }).waitFor();
    expect(await page.getByRole('button', { name: 'Import' }).count()).toBe(0);
    expect(await page.getByRole('link', { name: 'Export all' }).count()).toBe(0);
    await page.getByRole('link', { name: 'shared-id default' }).click();
    await page.getByText('for default').waitFor();
  });

  it('is not there for the key of a project, which sees its own only', async () => {
    const key = { name: 'crm', project: 'crm', scopes: ['read'] };
    const { body } = await desk.node.http.post('/api/vps/keys', key);
    const page = await open('/calls', String(body.key));
    await linkTo(page, calls['crm']).waitFor();
    expect(await rows(page).count()).toBe(1);
    expect(await page.getByLabel('Project').count()).toBe(0);
    await page.goto(`${desk.node.http.url}/calls?project=default`);
    await page.getByText('This page is about the project default').waitFor();
  });
});
