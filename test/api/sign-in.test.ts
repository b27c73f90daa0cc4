/** Signing in at the desk: what the cookie is, what it opens, and when it ends. */
import { randomBytes } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestOfKeyText, newKeyText } from '../../src/domain/key-text.ts';
import { createSealer } from '../../src/platform/sealing.ts';
import { startNodeWithFacades, type NodeWithFacades } from '../rig/facades-beside.ts';
import { HttpClient, type HttpAnswer, type Json } from '../rig/http-client.ts';
import { expectInvalid, expectProblem } from './problem.ts';
import { useNode } from './use-node.ts';

const path = '/api/vps/sign-in';
const bootstrap = 'bootstrap-key-of-the-test-0123456789';
const encryptionKey = randomBytes(32);
const sealer = createSealer(encryptionKey);
const nobody = {
  signed_in: false,
  how: null,
  name: null,
  key_id: null,
  subject: null,
  project: null,
  scopes: [],
  agents: null,
  csrf_token: null,
  expires_at: null,
  methods: ['key'],
};

interface SignedIn {
  readonly answer: HttpAnswer;
  /** As the browser sends it. */
  readonly Cookie: string;
  /** With the CSRF token. */
  readonly headers: Record<string, string>;
}

async function signInAt(url: string, apiKey: string): Promise<SignedIn> {
  const answer = await new HttpClient(url).post(path, { api_key: apiKey });
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  const [Cookie = ''] = (answer.headers.get('Set-Cookie') ?? '').split(';');
  return { answer, Cookie, headers: { Cookie, 'Holdfast-CSRF-Token': String(answer.body.csrf_token) } };
}

/** Opens live events, and says how they end. */
async function openStream(url: string, Cookie: string): Promise<{ readonly end: Promise<string> }> {
  const response = await fetch(`${url}/api/vps/calls/live`, { headers: { Cookie } });
  expect(response.status).toBe(200);
  const end = response.text().then(
    () => 'ended',
    () => 'cut',
  );
  return { end };
}

/** The status of a request by cookie alone. */
const statusBy = async (url: string, Cookie: string, what = '/api/vps/calls'): Promise<number> =>
  (await new HttpClient(url).get(what, { Cookie })).status;

let node: NodeWithFacades;
beforeAll(async () => {
  node = await startNodeWithFacades({
    HOLDFAST_API_KEYS: bootstrap,
    HOLDFAST_ENCRYPTION_KEY: encryptionKey.toString('base64'),
    HOLDFAST_PUBLIC_ORIGIN: 'https://gateway.example.com, http://desk.example',
  });
});
afterAll(() => node.close());
const here = (): string => node.node.url;
const operator = (): HttpClient => new HttpClient(here(), bootstrap);

async function make(wish: Json): Promise<{ id: string; text: string }> {
  const { status, body } = await operator().post('/api/vps/keys', { name: 'test', ...wish });
  expect(status, JSON.stringify(body)).toBe(201);
  return { id: String(body.id), text: String(body.key) };
}

describe('a sign-in with a key', () => {
  it('sets a cookie that scripts cannot read and other sites do not get, and says who one is', async () => {
    await operator().post('/api/vps/projects', { name: 'crm' });
    const wish = { name: 'CRM', project: 'crm', scopes: ['call', 'read'], agents: ['pm-*'] };
    const { id, text } = await make(wish);
    const before = Date.now();
    const { answer, Cookie, headers } = await signInAt(here(), ` ${text}\n`);
    expect(answer.body).toEqual({
      signed_in: true,
      how: 'key',
      name: 'CRM',
      key_id: id,
      subject: null,
      project: 'crm',
      scopes: ['call', 'read'],
      agents: ['pm-*'],
      csrf_token: expect.stringMatching(/^[\w-]{43}$/) as string,
      expires_at: expect.any(String) as string,
      methods: ['key'],
    });
    const hours = (Date.parse(String(answer.body.expires_at)) - before) / 3_600_000;
    expect(hours).toBeGreaterThan(11.9);
    expect(hours).toBeLessThan(12.1);
    const [, ...attributes] = (answer.headers.get('Set-Cookie') ?? '').split('; ');
    expect(attributes.filter((one) => !one.startsWith('Expires='))).toEqual([
      'Max-Age=43200',
      'Path=/',
      'HttpOnly',
      'SameSite=Strict',
    ]);
    expect(answer.headers.get('Cache-Control')).toBe('no-store');
    expect((await new HttpClient(here()).get(path, { Cookie })).body).toEqual(answer.body);
    const { body: byHeader } = await new HttpClient(here(), text).get(path);
    expect(byHeader).toEqual({ ...answer.body, csrf_token: null, expires_at: null });
    expect((await new HttpClient(here()).get('/openapi.json', headers)).status).toBe(200);
  });

  it('is Secure where the browser speaks TLS', async () => {
    const isSecure = (headers: Record<string, string>) =>
      new Promise<boolean>((resolve, reject) => {
        const all = { 'Content-Type': 'application/json', ...headers };
        const request = httpRequest(here() + path, { method: 'POST', headers: all }, (response) => {
          response.resume();
          const [cookie = ''] = response.headers['set-cookie'] ?? [];
          expect(cookie).toContain('holdfast_desk=');
          resolve(cookie.includes('; Secure'));
        });
        request.on('error', reject).end(JSON.stringify({ api_key: bootstrap }));
      });
    expect(await isSecure({ Origin: 'https://gateway.example.com', Host: '10.0.0.7' })).toBe(true);
    expect(await isSecure({ Host: 'Gateway.example.com' })).toBe(true);
    expect(await isSecure({ Host: 'gateway.example.com:443' })).toBe(true);
    expect(await isSecure({ Host: 'gateway.example.com:81' })).toBe(false);
    expect(await isSecure({ Host: 'desk.example' })).toBe(false);
    expect(await isSecure({ Origin: 'http://desk.example', Host: 'gateway.example.com' })).toBe(false);
    expect(await isSecure({ Origin: here() })).toBe(false);
    expect(await isSecure({ 'X-Forwarded-Proto': 'https' })).toBe(false);
  });

  it('takes a bootstrap key, which may do everything', async () => {
    const { answer, headers } = await signInAt(here(), bootstrap);
    expect(answer.body).toMatchObject({ how: 'bootstrap', name: null, key_id: null, scopes: ['admin'] });
    const created = await new HttpClient(here()).post(
      '/api/vps/keys',
      { name: 'x', scopes: ['read'] },
      headers,
    );
    expect(created.status).toBe(201);
  });

  it('is refused with the reason, and sets no cookie', async () => {
    const revoked = await make({ scopes: ['read'] });
    await operator().delete(`/api/vps/keys/${revoked.id}`);
    for (const [text, reason] of [
      ['a word', 'not an API key'],
      [bootstrap.slice(1), 'not an API key'],
      [newKeyText().text, 'has no API key'],
      [revoked.text, 'was revoked'],
    ] as const) {
      const answer = await new HttpClient(here()).post(path, { api_key: text });
      expectProblem(answer, 401, 'unauthorized');
      expect(answer.body.detail).toContain(reason);
      expect(JSON.stringify(answer.body)).not.toContain(text);
      expect(answer.headers.get('Set-Cookie')).toBeNull();
    }
    for (const body of [
      {},
      { api_key: '' },
      { api_key: ' ' },
      { api_key: 1 },
      { api_key: 'x'.repeat(9_000) },
    ])
      expectInvalid(await new HttpClient(here()).post(path, body), 'api_key');
    const Origin = 'https://evil.example';
    expectProblem(
      await new HttpClient(here()).post(path, { api_key: bootstrap }, { Origin }),
      403,
      'cross_site',
    );
  });

  it('ends with signing out, which removes the cookie', async () => {
    const { Cookie, headers } = await signInAt(here(), bootstrap);
    const http = new HttpClient(here());
    expectProblem(await http.delete(path, { Cookie }), 403, 'csrf_token_missing');
    const { status, headers: answered } = await http.delete(path, headers);
    expect(status).toBe(204);
    expect(answered.get('Set-Cookie')).toMatch(
      /^holdfast_desk=; Path=\/; Expires=Thu, 01 Jan 1970 .*HttpOnly/,
    );
    expect((await http.delete(path)).status).toBe(204);
    expect((await http.delete(path, { Cookie: 'holdfast_desk=x.y.z' })).status).toBe(204);
  });

  it('is not needed: without one nobody is signed in, and Bearer and Basic go on', async () => {
    const http = new HttpClient(here());
    expect(await http.get(path)).toMatchObject({ status: 200, body: nobody });
    const wrong = { Authorization: 'Bearer wrong' };
    expect(await http.get(path, wrong)).toMatchObject({ status: 200, body: nobody });
    const basic = { Authorization: `Basic ${Buffer.from(`any:${bootstrap}`).toString('base64')}` };
    expect((await http.post('/api/vps/sessions/cleanup', undefined, basic)).status).toBe(200);
    expect((await operator().post('/api/vps/sessions/cleanup')).status).toBe(200);
  });
});

describe('the cookie', () => {
  it('counts only without the header Authorization', async () => {
    const { text } = await make({ scopes: ['read'] });
    const { Cookie } = await signInAt(here(), text);
    const by = (Authorization: string) =>
      new HttpClient(here()).post('/api/vps/sessions/cleanup', undefined, { Cookie, Authorization });
    expect((await by(`Bearer ${bootstrap}`)).status).toBe(200); // Without a CSRF token.
    for (const wrong of ['Bearer wrong', 'Bearer ', 'Digest x'])
      expectProblem(await by(wrong), 401, 'unauthorized');
  });

  it('opens nothing if it was changed, shortened, sent twice or made for something else', async () => {
    const { id, text } = await make({ scopes: ['admin'] });
    const { Cookie } = await signInAt(here(), text);
    const token = Cookie.slice(Cookie.indexOf('=') + 1);
    const digest = digestOfKeyText(text);
    const contents = JSON.stringify({ shown: { kind: 'key', id, digest }, until: Date.now() + 3_600_000 });
    const other = createSealer(randomBytes(32));
    // Not the last character, which has bits that mean nothing.
    const changed = Array.from({ length: token.length - 1 }, (_none, at) => {
      const letter = token[at] === 'A' ? 'B' : 'A';
      return token.slice(0, at) + letter + token.slice(at + 1);
    });
    const shortened = Array.from({ length: 40 }, (_none, at) => token.slice(0, -1 - at));
    const values = [
      ...changed,
      ...shortened,
      `${token}.x`,
      `x.${token}`,
      `"${token}"`,
      '',
      contents,
      Buffer.from(contents).toString('base64url'),
      text,
      digest,
      // Tokens of agents, whatever the agents' names.
      sealer.seal(contents, 'some-agent'),
      sealer.seal(contents, 'desk sign-in'),
      sealer.seal(contents, ''),
      // Of another cluster.
      other.seal(contents, '\u001fdesk sign-in'),
      // Contents that no sign-in has.
      ...[
        'x',
        '{}',
        contents.replace('"key"', '"person"'),
        JSON.stringify({
          shown: { kind: 'person', issuer: '0'.repeat(16), subject: 'ann', name: 'Ann', groups: ['admins'] },
          until: Date.now() + 3_600_000,
        }),
        contents.replace('"key"', '"bootstrap"'),
        JSON.stringify({
          shown: { kind: 'bootstrap', digest: '0'.repeat(64) },
          until: Date.now() + 3_600_000,
        }),
        JSON.stringify({ shown: { kind: 'key', id, digest } }),
        JSON.stringify({ shown: { kind: 'key', id, digest }, until: Date.now() - 1 }),
        JSON.stringify({ shown: { kind: 'key', id, digest: '0'.repeat(64) }, until: Date.now() + 3_600_000 }),
        JSON.stringify({ ...(JSON.parse(contents) as Json), more: 'x'.repeat(3_000) }),
      ].map((one) => sealer.seal(one, '\u001fdesk sign-in')),
    ];
    for (const value of values) expect(await statusBy(here(), `holdfast_desk=${value}`), value).toBe(401);
    for (const header of [
      `${Cookie}; ${Cookie}`,
      `${Cookie}; holdfast_desk=`,
      Cookie.replace('holdfast_desk', 'Holdfast_desk'),
      Cookie.replace('holdfast_desk', 'x_holdfast_desk'),
      `other="${Cookie}"`,
      'holdfast_desk',
    ])
      expect(await statusBy(here(), header), header).toBe(401);
    expect((await new HttpClient(here()).get(path, { Cookie: `${Cookie}; ${Cookie}` })).body).toEqual(nobody);
    // What it is compared with: the same contents, sealed as a sign-in, and among other cookies.
    for (const valid of [`holdfast_desk=${sealer.seal(contents, '\u001fdesk sign-in')}`, Cookie])
      for (const header of [valid, `a=b; ${valid};c="d"`])
        expect(await statusBy(here(), header), header).toBe(200);
  });

  it('is taken by every node, for live events too, and by none within 2 s after its key has ended', async () => {
    const facade = await node.startFacade();
    await operator().post('/api/vps/projects', { name: 'closing' });
    const ends: Record<string, (id: string) => Promise<unknown>> = {
      revoked: (id) => operator().delete(`/api/vps/keys/${id}`),
      rotated: (id) => operator().post(`/api/vps/keys/${id}/rotate`, { overlap_seconds: 0 }),
      closed: () => operator().post('/api/vps/projects/closing/close'),
    };
    for (const [how, end] of Object.entries(ends)) {
      const { id, text } = await make({
        scopes: ['read', 'operate'],
        project: how === 'closed' ? 'closing' : null,
      });
      const { Cookie, headers, answer } = await signInAt(here(), text);
      const there = new HttpClient(facade.url);
      expect((await there.get(path, { Cookie })).body).toEqual(answer.body);
      expect((await there.post('/api/vps/sessions/cleanup', undefined, headers)).status).toBe(200);
      const streams = [await openStream(here(), Cookie), await openStream(facade.url, Cookie)];
      await end(id);
      const endedAt = performance.now();
      expect(await Promise.all(streams.map((one) => one.end))).toEqual(['cut', 'cut']);
      await expect.poll(() => statusBy(facade.url, Cookie), { interval: 50 }).toBe(401);
      expect(performance.now() - endedAt).toBeLessThan(2_000);
      const refused = await new HttpClient(here()).get('/api/vps/calls', { Cookie });
      expectProblem(refused, 401, 'unauthorized');
      expect(refused.body.detail).toContain(how);
      expect(await there.get(path, { Cookie })).toMatchObject({ status: 200, body: nobody });
      expectProblem(await there.post('/api/vps/sessions/cleanup', undefined, headers), 401, 'unauthorized');
    }
  });

  it('of a bootstrap key opens nothing at a node that lacks this key', async () => {
    const { Cookie, headers } = await signInAt(here(), bootstrap);
    const facade = await node.startFacade({ HOLDFAST_API_KEYS: 'another-bootstrap-key-0123456789' });
    const there = new HttpClient(facade.url);
    expectProblem(await there.get('/api/vps/calls', headers), 401, 'unauthorized');
    expect((await there.get(path, { Cookie })).body).toEqual(nobody);
    expect(await statusBy(here(), Cookie)).toBe(200);
  });

  it('ends by itself or with a key that expires, and a stream with it', async () => {
    const { id, text } = await make({ scopes: ['read'] });
    const endsAt = (shown: Json): string => {
      const contents = JSON.stringify({ shown, until: Date.now() + 2_000 });
      return `holdfast_desk=${sealer.seal(contents, '\u001fdesk sign-in')}`;
    };
    const expiring = await make({ scopes: ['read'], expires_in_seconds: 3 });
    const { answer, Cookie } = await signInAt(here(), expiring.text);
    expect(Date.parse(String(answer.body.expires_at))).toBeLessThan(Date.now() + 10_000);
    expect(answer.headers.get('Set-Cookie')).toMatch(/Max-Age=[0-3];/);
    const cookies = [
      Cookie,
      endsAt({ kind: 'key', id, digest: digestOfKeyText(text) }),
      endsAt({ kind: 'bootstrap', digest: digestOfKeyText(bootstrap) }),
    ];
    for (const stream of await Promise.all(cookies.map((one) => openStream(here(), one))))
      expect(await stream.end).toBe('cut');
    for (const one of cookies) expect(await statusBy(here(), one)).toBe(401);
    expect((await new HttpClient(here(), text).get('/api/vps/calls')).status).toBe(200);
  });

  it('shows neither the key nor its digest, and no log has them or the token', async () => {
    const facade = await node.startFacade({ HOLDFAST_LOG_LEVEL: 'debug' });
    const { text } = await make({ scopes: ['admin'] });
    const { answer, Cookie, headers } = await signInAt(facade.url, text);
    const there = new HttpClient(facade.url);
    const answers = [
      answer,
      await there.get(path, { Cookie }),
      await there.get('/api/vps/keys', { Cookie }),
      await there.delete('/api/vps/keys/nobody', headers),
      await there.post('/api/vps/keys', {}, { Cookie }),
      await there.post(path, { api_key: `${text}x` }),
      await there.post(path, `{"api_key": "${text}"`),
      await there.post(path, { api_key: [text] }),
      await there.delete(path, headers),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 404, 403, 401, 400, 422, 204]);
    const token = Cookie.slice(Cookie.indexOf('=') + 1);
    const csrfToken = headers['Holdfast-CSRF-Token'] ?? '';
    const secrets = [text.slice(-38), digestOfKeyText(text)];
    for (const one of answers) {
      const seen = JSON.stringify([one.body, [...one.headers]]);
      for (const secret of secrets) {
        expect(seen).not.toContain(secret);
        expect(seen).not.toContain(Buffer.from(secret).toString('base64url').slice(4, 24));
      }
    }
    await facade.process.printed(/"method":"DELETE","url":"\/api\/vps\/sign-in"/);
    for (const secret of [...secrets, token, csrfToken]) expect(facade.process.output).not.toContain(secret);
  });
});

describe('a node without keys', () => {
  const open = useNode({ HOLDFAST_ENCRYPTION_KEY: encryptionKey.toString('base64') });

  it('says that nobody needs to sign in, until there is a key', async () => {
    const http = new HttpClient(open.http.nextUrl());
    const everyone = {
      ...nobody,
      signed_in: true,
      how: 'open',
      project: 'default',
      scopes: ['admin'],
    };
    expect((await http.get(path)).body).toEqual(everyone);
    // A cookie of another cluster, or of an earlier one with the same encryption key, is no worse than none.
    const shown = { kind: 'key', id: 'ofAnEarlier1', digest: '0'.repeat(64) };
    const contents = JSON.stringify({ shown, until: Date.now() + 3_600_000 });
    const earlier = { Cookie: `holdfast_desk=${sealer.seal(contents, '\u001fdesk sign-in')}` };
    for (const headers of [earlier, { Cookie: 'holdfast_desk=v1.x.y' }]) {
      expect((await http.get(path, headers)).body).toEqual(everyone);
      expect((await http.post('/api/vps/sessions/cleanup', undefined, headers)).status).toBe(200);
    }
    expectProblem(await http.post(path, { api_key: bootstrap }), 401, 'unauthorized');
    expectProblem(await http.post(path, { api_key: newKeyText().text }), 401, 'unauthorized');
    const { body } = await http.post('/api/vps/keys', { name: 'first', scopes: ['admin'] });
    expect((await http.get(path)).body).toEqual(nobody);
    expect((await http.get(path, earlier)).body).toEqual(nobody);
    expectProblem(await http.get('/api/vps/calls', earlier), 401, 'unauthorized');
    const { answer, Cookie } = await signInAt(http.url, String(body.key));
    expect(answer.body).toMatchObject({ how: 'key', name: 'first' });
    expect(await statusBy(http.url, Cookie)).toBe(200);
  });
});
