/** People sign in at the desk with an OpenID Connect issuer, a real one on loopback. */
import { randomBytes } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSealer } from '../../src/platform/sealing.ts';
import { launchBrowser, findBrowser, openPage, whyNoBrowser } from '../rig/browser.ts';
import { startNodeWithFacades, type NodeWithFacades } from '../rig/facades-beside.ts';
import { client, publicClient, startIssuer, type TestIssuer } from '../rig/issuer.ts';
import { HttpClient, type Json } from '../rig/http-client.ts';
import { expectDocumented, type Document } from './documented.ts';
import {
  begin,
  deskCookie,
  expectNotSignedIn,
  logIn,
  people,
  settingsFor,
  signIn,
  signInAs,
} from './oidc-support.ts';
import { expectInvalid, expectProblem } from './problem.ts';

const encryptionKey = randomBytes(32);
const sealer = createSealer(encryptionKey);
let issuer: TestIssuer;
let node: NodeWithFacades;
beforeAll(async () => {
  issuer = await startIssuer(people);
  node = await startNodeWithFacades({
    ...settingsFor(issuer),
    HOLDFAST_ENCRYPTION_KEY: encryptionKey.toString('base64'),
  });
});
afterAll(async () => {
  await node.close();
  await issuer.close();
});
const here = (): string => node.node.url;
const operator = async (): Promise<HttpClient> =>
  new HttpClient(here(), await issuer.sign({ groups: ['admins'] }));
const whoIs = async (Cookie: string, url = here()): Promise<Json> =>
  (await new HttpClient(url).get(signIn, { Cookie })).body;

describe('a sign-in with the issuer', () => {
  it('leads there and back, sets the cookie of the desk, and says who one is and what one may do', async () => {
    const { browser, start } = await begin(here(), `/calls?status=failed&x='"<b>#top`);
    const there = new URL(start.location ?? '');
    expect(there.origin).toBe(issuer.url);
    expect(Object.fromEntries(there.searchParams)).toEqual({
      client_id: client.id,
      redirect_uri: `${here()}${signIn}/oidc/callback`,
      response_type: 'code',
      scope: 'openid profile email',
      state: expect.stringMatching(/^[\w-]{43}$/) as string,
      nonce: expect.stringMatching(/^[\w-]{43}$/) as string,
      code_challenge: expect.stringMatching(/^[\w-]{43}$/) as string,
      code_challenge_method: 'S256',
    });
    expect(start.setCookies.map(withoutDate)).toEqual([
      expect.stringMatching(
        /^holdfast_oidc=v1\.[\w.-]+; Max-Age=600; Path=\/api\/vps\/sign-in\/oidc; HttpOnly; SameSite=Lax$/,
      ) as string,
    ]);
    const back = await browser.walk(start, 'ann', (one) => one.startsWith(here()));
    const end = await browser.ask(back);
    const to = new URL(`/calls?status=failed&x='"<b>#top`, here()).href;
    expect(end).toMatchObject({ status: 200, location: to });
    expect(end.body).not.toContain('<b>');
    expect(end.setCookies.map(withoutDate)).toEqual([
      'holdfast_oidc=; Path=/api/vps/sign-in/oidc; HttpOnly; SameSite=Lax',
      expect.stringMatching(
        /^holdfast_desk=v1\.[\w.-]+; Max-Age=43200; Path=\/; HttpOnly; SameSite=Strict$/,
      ) as string,
    ]);
    const Cookie = deskCookie(browser) ?? '';
    const who = await whoIs(Cookie);
    expect(who).toEqual({
      signed_in: true,
      how: 'person',
      subject: 'ann',
      name: 'Ann Adams',
      key_id: null,
      project: 'default',
      scopes: ['admin'],
      agents: null,
      csrf_token: expect.any(String) as string,
      expires_at: expect.any(String) as string,
      methods: ['key', 'oidc'],
    });
    const http = new HttpClient(here());
    const cleanup = '/api/vps/sessions/cleanup';
    expectProblem(await http.post(cleanup, undefined, { Cookie }), 403, 'csrf_token_missing');
    const headers = { Cookie, 'Holdfast-CSRF-Token': String(who['csrf_token']) };
    expect((await http.post(cleanup, undefined, headers)).status).toBe(200);
    expect((await http.delete(signIn, headers)).status).toBe(204);
  });

  it('takes a name, an address or the id, and groups from wherever the issuer tells them', async () => {
    await (await operator()).post('/api/vps/projects', { name: 'crm' });
    const sam = await whoIs((await signInAs(here(), 'sam')).Cookie);
    expect(sam).toMatchObject({ name: 'sam@example.com', project: 'crm', scopes: ['read', 'operate'] });
    const rita = await whoIs((await signInAs(here(), 'rita')).Cookie);
    expect(rita).toMatchObject({ name: 'rita', project: 'default', scopes: ['read'] });
  });

  it('is none for somebody without a group that may do anything', async () => {
    for (const login of ['eve', 'noah']) {
      const { browser, back } = await logIn(here(), login);
      expectNotSignedIn(await browser.ask(back), here(), 'no_rights');
    }
  });

  it('leads only to paths of the node', async () => {
    const http = new HttpClient(here());
    for (const to of [
      '//evil.example',
      '/\\evil.example',
      '\\\\evil.example',
      '/calls\\..\\',
      '/\t/evil.example',
      '/\n/evil.example',
      'https://evil.example',
      'javascript:alert(1)',
      'calls',
      '@evil.example',
      '',
      ' /',
    ]) {
      const answer = await http.get(`${signIn}/oidc?to=${encodeURIComponent(to)}`);
      expectInvalid(answer, 'to');
      expect(answer.headers.get('Set-Cookie')).toBeNull();
    }
    const long = await fetch(`${here()}${signIn}/oidc?to=/${'x'.repeat(2_000)}`, { redirect: 'manual' });
    expect([long.status, long.headers.get('Set-Cookie')?.length]).toEqual([302, expect.any(Number)]);
    expectInvalid(await http.get(`${signIn}/oidc?to=/a&to=/b`), 'to');
    expectInvalid(await http.get(`${signIn}/oidc?next=/`), 'next');
    const { browser, start } = await begin(here(), '/%2f%2fevil.example/..//x');
    const back = await browser.walk(start, 'ann', (one) => one.startsWith(here()));
    expect(new URL((await browser.ask(back)).location ?? '').origin).toBe(here());
  });

  it('comes back to the public origin that the browser uses, or else to the first one', async () => {
    const facade = await node.startFacade({
      HOLDFAST_PUBLIC_ORIGIN: 'https://gateway.example.com, http://desk.example:81',
    });
    const redirectFor = (url: string, Host: string) =>
      new Promise<string>((resolve, reject) => {
        const request = httpRequest(`${url}${signIn}/oidc`, { headers: { Host } }, (response) => {
          response.resume();
          const uri = new URL(response.headers.location ?? '').searchParams.get('redirect_uri');
          const [cookie = ''] = response.headers['set-cookie'] ?? [];
          resolve(`${String(uri)}${cookie.includes('; Secure') ? ' Secure' : ''}`);
        });
        request.on('error', reject).end();
      });
    const back = `${signIn}/oidc/callback`;
    for (const host of ['gateway.example.com', 'Gateway.example.com:443', '10.0.0.7', 'evil.example', 'a b'])
      expect(await redirectFor(facade.url, host)).toBe(`https://gateway.example.com${back} Secure`);
    expect(await redirectFor(facade.url, 'desk.example:81')).toBe(`http://desk.example:81${back}`);
    const { port, host } = new URL(here());
    expect(await redirectFor(here(), `localhost:${port}`)).toBe(`http://localhost:${port}${back}`);
    for (const other of ['evil.example', `127.0.0.1.evil.example:${port}`, '10.0.0.7', '/', 'x@127.0.0.1'])
      expect(await redirectFor(here(), other)).toBe(`http://${host}${back}`);
  });

  it('is none if the answer is not for this browser and this attempt', async () => {
    const { browser, back } = await logIn(here(), 'ann');
    const other = await begin(here());
    const stolen = await other.browser.ask(back);
    expectNotSignedIn(stolen, here(), 'expired');
    expectNotSignedIn(await begin(here()).then((one) => one.browser.ask(back)), here(), 'expired');
    const state = new URL(back).searchParams.get('state') ?? '';
    for (const wrong of [
      back.replace(state, `${state}x`),
      back.replace(`state=${state}`, 'state='),
      back.replace(`&state=${state}`, ''),
      `${here()}${signIn}/oidc/callback`,
    ])
      expectNotSignedIn(await browser.ask(wrong), here(), 'expired');
    // The attempt is still there: others cannot end it.
    expect((await browser.ask(back)).location).toBe(`${here()}/calls`);
  });

  it('is none with a cookie of the attempt that was changed, is over or was made for something else', async () => {
    const { browser, back } = await logIn(here(), 'ann');
    const token = browser.cookieOf('127.0.0.1', 'holdfast_oidc') ?? '';
    const context = '\u001foidc sign-in';
    const contents = JSON.parse(sealer.open(token, context)) as Json;
    const now = JSON.stringify(contents);
    const wrong = [
      ...[10, 40, 100, token.length - 5].map(
        (at) => token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1),
      ),
      token.slice(0, -4),
      `"${token}"`,
      `${token}; holdfast_oidc=${token}`,
      now,
      Buffer.from(now).toString('base64url'),
      sealer.seal(JSON.stringify({ ...contents, until: Date.now() - 1 }), context),
      sealer.seal(JSON.stringify({ ...contents, until: undefined }), context),
      sealer.seal(now, '\u001fdesk sign-in'),
      sealer.seal(now, 'oidc sign-in'),
      createSealer(randomBytes(32)).seal(now, context),
    ];
    for (const one of wrong) {
      const answer = await fetch(back, { redirect: 'manual', headers: { Cookie: `holdfast_oidc=${one}` } });
      expect(answer.headers.get('Location'), one).toBe('/?sign_in_error=expired');
      expect(answer.headers.get('Set-Cookie'), one).toBeNull();
    }
    const desk = { Cookie: `holdfast_desk=${token}` };
    expectProblem(await new HttpClient(here()).get('/api/vps/calls', desk), 401, 'unauthorized');
    expect((await browser.ask(back)).location).toBe(`${here()}/calls`);
  });

  it('works once: neither the address nor the code can be used again', async () => {
    const { browser, back } = await logIn(here(), 'ann');
    const attempt = browser.cookieOf('127.0.0.1', 'holdfast_oidc') ?? '';
    expect((await browser.ask(back)).location).toBe(`${here()}/calls`);
    expectNotSignedIn(await browser.ask(back), here(), 'expired');
    const again = await fetch(back, { redirect: 'manual', headers: { Cookie: `holdfast_oidc=${attempt}` } });
    expect(again.headers.get('Location')).toBe('/calls?sign_in_error=failed');
    expect(again.headers.getSetCookie().join()).not.toContain('holdfast_desk');
  });

  it('is none with another nonce, another PKCE challenge, another issuer or a wrong code', async () => {
    for (const name of ['nonce', 'code_challenge']) {
      const { browser, start } = await begin(here());
      const there = new URL(start.location ?? '');
      there.searchParams.set(name, randomBytes(32).toString('base64url'));
      const changed = { ...start, location: there.href };
      const back = await browser.walk(changed, 'ann', (one) => one.startsWith(here()));
      expect(new URL(back).searchParams.get('code')).not.toBeNull();
      expectNotSignedIn(await browser.ask(back), here(), 'failed');
    }
    for (const [name, value] of [
      ['iss', 'https://evil.example'],
      ['code', 'x'.repeat(43)],
    ] as const) {
      const { browser, back } = await logIn(here(), 'ann');
      const changed = new URL(back);
      changed.searchParams.set(name, value);
      expectNotSignedIn(await browser.ask(changed.href), here(), 'failed');
    }
  });

  it('that is refused stays at this node, however the path is written', async () => {
    for (const to of ['/calls/..//evil.example', '/.//evil.example', '/calls?a=b#c']) {
      const { browser, start } = await begin(here(), to);
      const state = new URL(start.location ?? '').searchParams.get('state') ?? '';
      const iss = encodeURIComponent(issuer.url);
      const back = await browser.ask(
        `${here()}${signIn}/oidc/callback?error=access_denied&state=${state}&iss=${iss}`,
      );
      expect(new URL(back.location ?? '').origin, to).toBe(here());
      expect(back.location).toContain('sign_in_error=denied');
    }
  });

  it('that is refused at the issuer leads back with a word, not with what the issuer says', async () => {
    const { browser, start } = await begin(here());
    const login = await browser.ask(start.location ?? '');
    const back = await browser.walk({ ...login, location: `${login.location ?? ''}/abort` }, 'ann', (one) =>
      one.startsWith(here()),
    );
    expect(back).toContain('error=access_denied');
    expectNotSignedIn(await browser.ask(back), here(), 'denied');
    for (const [error, why] of [
      ['temporarily_unavailable', 'issuer_unavailable'],
      ['invalid_scope', 'failed'],
      ['<script>alert(1)</script>', 'failed'],
    ] as const) {
      const another = await begin(here());
      const { searchParams } = new URL(another.start.location ?? '');
      const answer = new URLSearchParams({ error, error_description: 'Call 0800-EVIL', iss: issuer.url });
      answer.set('state', searchParams.get('state') ?? '');
      const page = await another.browser.ask(`${here()}${signIn}/oidc/callback?${answer.toString()}`);
      expectNotSignedIn(page, here(), why);
    }
  });
});

it('the answers to a browser are those of the OpenAPI document', async () => {
  const document = (await (await operator()).get('/openapi.json')).body as Document;
  const { browser, start } = await begin(here());
  const back = await browser.walk(start, 'ann', (one) => one.startsWith(here()));
  for (const [endpoint, page] of [
    ['', start],
    ['/callback', await browser.ask(back)],
    ['/callback', await browser.ask(back)],
  ] as const)
    expectDocumented(document, `get ${signIn}/oidc${endpoint}`, { ...page, body: {} });
});

describe('the cookie of a person', () => {
  it('is taken by every node with this issuer, and what it opens depends on the map of the node', async () => {
    const { Cookie } = await signInAs(here(), 'rita');
    const keys = { HOLDFAST_API_KEYS: 'bootstrap-key-of-the-test-0123456789' };
    const none = Object.fromEntries(Object.keys(settingsFor(issuer)).map((name) => [name, '']));
    const [same, more, without, other] = await Promise.all([
      node.startFacade(),
      node.startFacade({ HOLDFAST_OIDC_GROUPS: 'readers=admin' }),
      node.startFacade({ ...none, ...keys }),
      node.startFacade({ HOLDFAST_OIDC_ISSUER: 'http://127.0.0.1:9/other' }),
    ]);
    expect(await whoIs(Cookie, same.url)).toMatchObject({ name: 'rita', scopes: ['read'] });
    expect(await whoIs(Cookie, more.url)).toMatchObject({ name: 'rita', scopes: ['admin'] });
    for (const { url } of [without, other]) {
      expectProblem(await new HttpClient(url).get('/api/vps/calls', { Cookie }), 401, 'unauthorized');
      expect(await whoIs(Cookie, url)).toMatchObject({ signed_in: false });
    }
    const fewer = await node.startFacade({ HOLDFAST_OIDC_GROUPS: 'admins=admin' });
    expectProblem(await new HttpClient(fewer.url).get('/api/vps/calls', { Cookie }), 403, 'no_rights');
    expect(await whoIs(Cookie, fewer.url)).toMatchObject({ signed_in: false, methods: ['key', 'oidc'] });
    for (const path of ['/oidc', '/oidc/callback'])
      expectProblem(await new HttpClient(without.url).get(signIn + path), 404, 'route_not_found');
    expect(await whoIs('', without.url)).toMatchObject({ methods: ['key'] });
  });

  it(
    'works with a public client, too; a wrong secret signs nobody in, and no log has a secret',
    { timeout: 120_000 },
    async () => {
      const open = await node.startFacade({
        HOLDFAST_OIDC_CLIENT_ID: publicClient,
        HOLDFAST_OIDC_CLIENT_SECRET: '',
      });
      expect(await whoIs((await signInAs(open.url, 'ann')).Cookie, open.url)).toMatchObject({
        name: 'Ann Adams',
      });
      const HOLDFAST_OIDC_CLIENT_SECRET = 'not-the-client-secret-of-the-test';
      const wrong = await node.startFacade({ HOLDFAST_LOG_LEVEL: 'debug', HOLDFAST_OIDC_CLIENT_SECRET });
      const { browser, back } = await logIn(wrong.url, 'ann');
      expectNotSignedIn(await browser.ask(back), wrong.url, 'failed');
      await wrong.process.printed(/"why":"failed","detail":"The issuer refuses this client with 401/);
      const right = await node.startFacade({ HOLDFAST_LOG_LEVEL: 'debug' });
      const { Cookie } = await signInAs(right.url, 'ann');
      await right.process.printed(/"url":"\/api\/vps\/sign-in\/oidc\/callback"/);
      const token = await issuer.sign({ groups: ['admins'] });
      const answers = await Promise.all(
        ['/api/vps/status', '/api/vps/nodes', signIn].map((path) =>
          new HttpClient(right.url, token).get(path),
        ),
      );
      const { output } = right.process;
      const all = output + wrong.process.output + JSON.stringify(answers.map(({ body }) => body));
      const code = new URL(back).searchParams.get('code') ?? '';
      const secrets = [client.secret, HOLDFAST_OIDC_CLIENT_SECRET, code, Cookie.slice(20), token];
      for (const secret of secrets) {
        expect(secret.length).toBeGreaterThan(20);
        expect(all).not.toContain(secret);
        expect(all).not.toContain(Buffer.from(secret).toString('base64').slice(4, 24));
      }
    },
  );

  it('holds the groups that the map has, and ends with the sign-in', async () => {
    const { Cookie } = await signInAs(here(), 'ann');
    const token = Cookie.slice(Cookie.indexOf('=') + 1);
    const context = '\u001fdesk sign-in';
    const contents = JSON.parse(sealer.open(token, context)) as { shown: Json };
    expect(contents.shown).toMatchObject({ kind: 'person', subject: 'ann', groups: ['admins'] });
    const sealed = (until: number): string =>
      `holdfast_desk=${sealer.seal(JSON.stringify({ ...contents, until }), context)}`;
    const soon = sealed(Date.now() + 10_000);
    const response = await fetch(`${here()}/api/vps/calls/live`, { headers: { Cookie: soon } });
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow();
    expectProblem(await new HttpClient(here()).get('/api/vps/calls', { Cookie: soon }), 401, 'unauthorized');
  });
});

describe(`in a real browser${whyNoBrowser}`, () => {
  it.skipIf(findBrowser() === undefined)(
    'one comes back signed in, although the issuer is another site',
    async () => {
      const browser = await launchBrowser();
      try {
        const { page } = await openPage(browser, { baseURL: here() }, [/./]);
        for (const [to, isFirst] of [
          ['/calls', true],
          ['/docs/', false],
        ] as const) {
          await page.goto(`${signIn}/oidc?to=${to}`);
          if (isFirst) {
            await page.fill('[name=login]', 'ann');
            await page.fill('[name=password]', 'any');
            await page.click('[type=submit]');
          }
          await page.click('[type=submit]'); // Native clients need consent each time.
          await page.waitForURL(here() + to);
          const who = await page.evaluate(async () => (await fetch('/api/vps/sign-in')).json() as unknown);
          expect(who).toMatchObject({ how: 'person', name: 'Ann Adams' });
          expect(await page.title()).toContain('Holdfast');
        }
        expect(await page.evaluate('document.cookie')).toBe('');
      } finally {
        await browser.close();
      }
    },
  );
});

function withoutDate(cookie: string): string {
  return cookie.replace(/ Expires=[^;]+;/, '');
}
