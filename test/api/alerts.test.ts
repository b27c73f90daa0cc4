/** Alerts as the API shows them, on every facade. */
import { beforeAll, describe, expect, it } from 'vitest';
import { askThrice } from '../node/alert-support.ts';
import { HttpClient, type Json } from '../rig/http-client.ts';
import { expectInvalid, expectProblem } from './problem.ts';
import { useNode } from './use-node.ts';

const bootstrap = 'bootstrap-key-of-the-test-0123456789';
const node = useNode({
  HOLDFAST_API_KEYS: bootstrap,
  HOLDFAST_ALERT_CHECK_SECONDS: '1',
  HOLDFAST_ALERT_FOR_SECONDS: '1',
});
const path = '/api/vps/alerts';
const patiently = { timeout: 60_000 };
let isUp = false;
let crm: HttpClient;

async function alertsOf(query = '', http = node.http): Promise<Json[]> {
  return (await http.get(`${path}${query}`)).body.alerts as Json[];
}
const subjectsOf = async (query = '', http = node.http): Promise<unknown[]> =>
  (await alertsOf(query, http)).map(({ subject }) => subject);

beforeAll(async () => {
  await node.http.post('/api/vps/projects', { name: 'crm' });
  const { body } = await node.http.post('/api/vps/keys', {
    name: 'crm',
    project: 'crm',
    scopes: ['call', 'read', 'operate'],
  });
  crm = new HttpClient(node.http.url, String(body.key));
  await node.agent('shared', () => (isUp ? { body: { content: 'yes' } } : { reset: true }), {
    max_retries: 0,
  });
  const { port } = await node.agent('for-its-port', () => ({ reset: true }));
  await node.http.register('own', port, { max_retries: 0, project: 'crm' });
  await askThrice(node, 'shared');
  await askThrice({ http: crm }, 'own');
});

describe('alerts', () => {
  it('belong to the project of their agent, and others do not see or change them', async () => {
    await expect.poll(() => subjectsOf(), patiently).toEqual(['shared']);
    await expect.poll(() => subjectsOf('', crm), patiently).toEqual(['own']);
    expect((await subjectsOf('?project=*')).sort()).toEqual(['own', 'shared']);
    const [own] = await alertsOf('', crm);
    expect(own).toMatchObject({ condition: 'agent_unreachable', project: 'crm', state: 'active' });
    const acknowledge = `${path}/${String(own?.['id'])}/acknowledge`;
    expectProblem(await node.http.post(acknowledge), 404, 'alert_not_found');
    const { body } = await crm.post(acknowledge, { note: 'ours' });
    expect(body['acknowledged']).toMatchObject({
      note: 'ours',
      by: expect.stringContaining('key ') as string,
    });
  });

  it('are filtered by state and condition', async () => {
    await expect.poll(() => subjectsOf('?state=active'), patiently).toEqual(['shared']);
    expect(await subjectsOf('?state=resolved')).toEqual([]);
    expect(await subjectsOf('?condition=disk_low')).toEqual([]);
    expectInvalid(await node.http.get(`${path}?condition=unknown`), 'condition');
  });

  it('are silenced for a time, by condition and agent', async () => {
    const silences = `${path}/silences`;
    const wish = { condition: 'agent_unreachable', agent: 'shared', for_seconds: 600, reason: 'upgrade' };
    const { status, body: silence } = await node.http.post(silences, wish);
    expect(status).toBe(201);
    expect(silence).toMatchObject({ subject: 'shared', project: 'default', reason: 'upgrade' });
    expect((await alertsOf('?state=active'))[0]?.['silenced_until']).toBe(silence.until);
    expect((await crm.get(silences)).body.total).toBe(0);
    const own = `${silences}/${String(silence.id)}`;
    expectProblem(await crm.delete(own), 404, 'silence_not_found');
    expect((await node.http.get(own)).body).toEqual(silence);
    expect((await node.http.delete(own)).status).toBe(204);
    expectProblem(await node.http.get(own), 404, 'silence_not_found');
    for (const [field, wrong] of [
      ['until', {}],
      ['until', { for_seconds: 1, until: '2099-01-01T00:00:00Z' }],
      ['until', { until: '2020-01-01T00:00:00Z' }],
      ['until', { until: '2099-01-01T00:00:00Z' }],
      ['agent', { for_seconds: 1, agent: 'a', subject: 'b' }],
      ['for_seconds', { for_seconds: 0 }],
    ] as const)
      expectInvalid(await node.http.post(silences, wrong), field);
  });

  it('resolve when the agent answers', async () => {
    isUp = true;
    await node.http.call({ agent_name: 'shared', prompt: 'x' });
    await expect.poll(() => subjectsOf('?state=resolved'), patiently).toEqual(['shared']);
    expect(await subjectsOf('?state=active')).toEqual([]);
  });
});
