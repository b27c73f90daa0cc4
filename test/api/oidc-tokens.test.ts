/** Bearer JWTs of the OpenID Connect issuer: which open the API, and what happens while the issuer is away. */
import { createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { exportSPKI, generateKeyPair, importJWK, UnsecuredJWT, type CryptoKey } from 'jose';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { startNodeWithFacades, type NodeWithFacades } from '../rig/facades-beside.ts';
import { client, startIssuer, type TestIssuer } from '../rig/issuer.ts';
import { HttpClient, type Json } from '../rig/http-client.ts';
import { byToken, expectNotSignedIn, people, settingsFor, signIn } from './oidc-support.ts';
import { expectProblem } from './problem.ts';
import { WalkingBrowser } from '../rig/walking-browser.ts';

let issuer: TestIssuer;
let node: NodeWithFacades;
beforeAll(async () => {
  issuer = await startIssuer(people);
  node = await startNodeWithFacades(settingsFor(issuer));
});
afterAll(async () => {
  await node.close();
  await issuer.close();
});
const here = (): string => node.node.url;
const admin = (): Promise<string> => issuer.sign({ groups: ['admins'] });
const operator = async (): Promise<HttpClient> => new HttpClient(here(), await admin());
const seconds = (): number => Math.floor(Date.now() / 1_000);

describe('a node with an issuer and without keys', () => {
  it('is closed', async () => {
    for (const path of ['/api/vps/calls', '/api/vps/keys', '/docs/', '/metrics'])
      expectProblem(await new HttpClient(here()).get(path), 401, 'unauthorized');
    expect((await new HttpClient(here()).get(signIn)).body).toMatchObject({
      signed_in: false,
      methods: ['key', 'oidc'],
    });
    expect((await new HttpClient(here()).get('/healthz')).status).toBe(200);
  });

  it('gets its keys from people, who may also revoke the last one', async () => {
    const http = await operator();
    const made = await http.post('/api/vps/keys', { name: 'a reader first', scopes: ['read'] });
    expect(made.status, JSON.stringify(made.body)).toBe(201);
    expect((await byToken(here(), String(made.body.key))).status).toBe(200);
    const { body } = await http.post('/api/vps/keys', { name: 'the only admin', scopes: ['admin'] });
    const own = new HttpClient(here(), String(body.key));
    expectProblem(await own.delete(`/api/vps/keys/${String(body.id)}`), 409, 'last_admin_key');
    expect((await http.delete(`/api/vps/keys/${String(body.id)}`)).status).toBe(200);
    expect((await byToken(here(), await admin())).status).toBe(200);
  });
});

describe('a token of the issuer', () => {
  it('opens what its groups may do, and says who one is', async () => {
    const token = await issuer.sign({ groups: ['readers'], name: 'Rita' });
    expect((await byToken(here(), token)).status).toBe(200);
    const refused = await new HttpClient(here(), token).post('/api/vps/sessions/cleanup');
    expectProblem(refused, 403, 'scope_missing');
    expect(refused.body.detail).toContain("your groups have 'read'");
    expect((await byToken(here(), token, signIn)).body).toMatchObject({
      signed_in: true,
      how: 'person',
      name: 'Rita',
      scopes: ['read'],
      csrf_token: null,
      expires_at: null,
    });
    for (const headers of [{ typ: 'JWT' }, { typ: 'at+jwt' }, { typ: 'application/at+jwt' }])
      expect((await byToken(here(), await issuer.sign({ groups: ['readers'] }, headers))).status).toBe(200);
    const inList = await issuer.sign({ groups: ['readers'], aud: ['other', client.id] });
    expect((await byToken(here(), inList)).status).toBe(200);
  });

  it('that is wrong in any way opens nothing', async () => {
    const strangers = await generateKeyPair('RS256');
    const elliptic = await generateKeyPair('ES256');
    const publicKey = (await importJWK({ ...issuer.publicJwk }, 'RS256', { extractable: true })) as CryptoKey;
    const pem = new TextEncoder().encode(await exportSPKI(publicKey));
    const groups = ['admins'];
    const right = await admin();
    const [head = '', body = '', signature = ''] = right.split('.');
    const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const payload = JSON.parse(Buffer.from(body, 'base64url').toString()) as Json;
    const wrong: Record<string, string> = {
      'of another issuer': await issuer.sign({ groups, iss: 'https://evil.example' }),
      'without an issuer': await issuer.sign({ groups, iss: undefined }),
      'for another audience': await issuer.sign({ groups, aud: 'another-client' }),
      'without an audience': await issuer.sign({ groups, aud: undefined }),
      expired: await issuer.sign({ groups, exp: seconds() - 31 }),
      'without an end': await issuer.sign({ groups, exp: undefined }),
      'with an end that is a text': await issuer.sign({ groups, exp: '9999999999' }),
      'not valid yet': await issuer.sign({ groups, nbf: seconds() + 60 }),
      'without a subject': await issuer.sign({ groups, sub: undefined }),
      'with an empty subject': await issuer.sign({ groups, sub: '' }),
      'with a long subject': await issuer.sign({ groups, sub: 'x'.repeat(256) }),
      'with a subject that is none': await issuer.sign({ groups, sub: ['ann'] }),
      'for the end of sessions': await issuer.sign({ groups }, { typ: 'logout+jwt' }),
      'bound to a key': await issuer.sign({ groups, cnf: { jkt: 'x' } }),
      'with the alg none': new UnsecuredJWT({ ...payload }).encode(),
      'with the alg none and a signature': `${encoded({ alg: 'none' })}.${body}.${signature}`,
      'HS256 with the public key': await issuer.sign({ groups }, { alg: 'HS256' }, pem),
      'HS256 with the client secret': await issuer.sign(
        { groups },
        { alg: 'HS256' },
        new TextEncoder().encode(client.secret.padEnd(32)),
      ),
      'by another key with the same kid': await issuer.sign({ groups }, {}, strangers.privateKey),
      'by another kind of key with the same kid': await issuer.sign(
        { groups },
        { alg: 'ES256' },
        elliptic.privateKey,
      ),
      'by a key that the issuer lacks': await issuer.sign(
        { groups },
        { kid: 'nobodys' },
        strangers.privateKey,
      ),
      'with its own key': await issuer.sign({ groups }, { jwk: issuer.publicJwk }, strangers.privateKey),
      'with an unknown critical header': `${encoded({ alg: 'RS256', crit: ['x'], x: 1 })}.${body}.${signature}`,
      'with other contents': `${head}.${encoded({ ...payload, sub: 'eve' })}.${signature}`,
      'without a signature': `${head}.${body}.`,
      'with half a signature': right.slice(0, -100),
      'with a fourth part': `${right}.x`,
      'three words': 'a.b.c',
    };
    for (const [what, token] of Object.entries(wrong)) {
      const answer = await byToken(here(), token);
      expect(answer.status, what).toBe(401);
      expectProblem(answer, 401, 'unauthorized');
      expect(answer.body.detail, what).not.toContain('evil');
      expect(String(answer.body.detail).length, what).toBeLessThan(200);
      expect((await byToken(here(), token, signIn)).body, what).toMatchObject({ signed_in: false });
    }
    expect((await byToken(here(), right)).status).toBe(200);
  });

  it('counts as Bearer only', async () => {
    const token = await admin();
    const Authorization = `Basic ${Buffer.from(`ann:${token}`).toString('base64')}`;
    const http = new HttpClient(here());
    for (const headers of [{ Authorization }, { 'X-Api-Key': token }, { Cookie: `holdfast_desk=${token}` }])
      expectProblem(await http.get('/api/vps/calls', headers), 401, 'unauthorized');
    expectProblem(await http.get(`/api/vps/calls?access_token=${token}`), 401, 'unauthorized');
    expectProblem(await http.post(signIn, { api_key: token }), 401, 'unauthorized');
  });

  it('of nobody whom the map knows is refused with the reason', async () => {
    for (const groups of [undefined, [], 'staff', ['Admins', ' admins'], [['admins']], { admins: true }, 7]) {
      const answer = await byToken(here(), await issuer.sign({ groups }));
      expectProblem(answer, 403, 'no_rights');
      expect(answer.body.detail).toContain('HOLDFAST_OIDC_GROUPS has none of your groups');
    }
  });

  it('sees the project of its groups only, once there is one, and until that is closed', async () => {
    const http = await operator();
    const support = await issuer.sign({ groups: ['support', 'admins'].toReversed().slice(1) });
    const missing = await byToken(here(), support);
    expectProblem(missing, 403, 'no_rights');
    expect(missing.body.detail).toContain("The project 'crm' of your groups does not exist yet");
    await http.post('/api/vps/projects', { name: 'crm' });
    await http.post('/api/vps/projects', { name: 'other' });
    const key = await http.post('/api/vps/keys', { name: 'k', project: 'crm', scopes: ['call', 'read'] });
    const ofCrm = new HttpClient(here(), String(key.body.key));
    const append = { messages: [{ role: 'user', content: 'hello' }] };
    expect((await ofCrm.post('/api/vps/sessions/s/messages', append)).status).toBe(200);
    expect((await http.post('/api/vps/sessions/secret/messages', append)).status).toBe(200);
    const mine = new HttpClient(here(), support);
    expect((await mine.get('/api/vps/sessions/s')).status).toBe(200);
    expectProblem(await mine.get('/api/vps/sessions/secret'), 404, 'session_not_found');
    expectProblem(await mine.get('/api/vps/sessions?project=other'), 404, 'project_not_found');
    expectProblem(await mine.get('/api/vps/sessions?project=default'), 404, 'project_not_found');
    expectProblem(await mine.get('/api/vps/keys'), 403, 'scope_missing');
    // The limits of the project hold for people.
    await http.patch('/api/vps/projects/crm', { limits: { requests_per_minute: 1 } });
    await expect
      .poll(async () => (await mine.get('/api/vps/sessions/s')).body.error_type, { timeout: 5_000 })
      .toBe('limit_reached');
    await http.patch('/api/vps/projects/crm', { limits: {} });
    const stream = await fetch(`${here()}/api/vps/calls/live`, { headers: { ...mine.headers } });
    expect(stream.status).toBe(200);
    await http.post('/api/vps/projects/crm/close');
    await expect(stream.text()).rejects.toThrow();
    const closed = await mine.get('/api/vps/sessions/s');
    expectProblem(closed, 403, 'no_rights');
    expect(closed.body.detail).toContain("The project 'crm' of your groups is closed");
  });

  it('is taken half a minute longer than it says, and a stream ends with it', async () => {
    const token = await issuer.sign({ groups: ['readers'], exp: seconds() - 20 });
    const headers = { Authorization: `Bearer ${token}` };
    const stream = await fetch(`${here()}/api/vps/calls/live`, { headers });
    expect(stream.status).toBe(200);
    await expect(stream.text()).rejects.toThrow();
    expectProblem(await byToken(here(), token), 401, 'unauthorized');
  });

  it('is for the audience of the settings, and may name its groups elsewhere', async () => {
    const facade = await node.startFacade({
      HOLDFAST_OIDC_AUDIENCE: 'https://holdfast.example',
      HOLDFAST_OIDC_GROUPS_CLAIM: 'https://claims.example/roles',
    });
    const roles = { 'https://claims.example/roles': ['readers'] };
    const aud = 'https://holdfast.example';
    expect((await byToken(facade.url, await issuer.sign({ aud, ...roles }))).status).toBe(200);
    expectProblem(await byToken(facade.url, await issuer.sign(roles)), 401, 'unauthorized');
    expectProblem(
      await byToken(facade.url, await issuer.sign({ aud, groups: ['readers'] })),
      403,
      'no_rights',
    );
  });
});

describe('while the issuer is away', () => {
  it('keys go on, tokens get 503, and a node starts without it and finds it when it is there', async () => {
    const other = await startIssuer(people);
    onTestFinished(() => other.close());
    await other.down();
    const facade = await node.startFacade({ ...settingsFor(other), HOLDFAST_LOG_LEVEL: 'warn' });
    const { body } = await (await operator()).post('/api/vps/keys', { name: 'k', scopes: ['read'] });
    const token = await other.sign({ groups: ['readers'] });
    const tokenAway = await byToken(facade.url, token);
    expectProblem(tokenAway, 503, 'issuer_unavailable');
    expectProblem(await byToken(facade.url, token, signIn), 503, 'issuer_unavailable');
    expectProblem(await byToken(facade.url, 'not a token'), 401, 'unauthorized');
    expect((await byToken(facade.url, String(body.key))).status).toBe(200);
    const browser = new WalkingBrowser();
    const start = await browser.ask(`${facade.url}${signIn}/oidc`);
    expectNotSignedIn(start, facade.url, 'issuer_unavailable');
    expect((await new HttpClient(facade.url).get('/readyz')).status).toBe(200);

    await facade.process.printed(/"why":"fetch failed \(ECONNREFUSED\)"/);

    await other.up();
    await expect.poll(async () => (await byToken(facade.url, token)).status, { timeout: 10_000 }).toBe(200);
    expect(other.asked.get('/jwks')).toBe(1);
    // Unknown keys are not looked for again and again.
    const unknown = await other.sign({ groups: ['readers'] }, { kid: 'unknown' });
    const answers = await Promise.all(Array.from({ length: 20 }, () => byToken(facade.url, unknown)));
    for (const answer of answers) expectProblem(answer, 401, 'unauthorized');
    expect(other.asked.get('/jwks')).toBe(1);
    expect(other.asked.get('/.well-known/openid-configuration')).toBe(1);
    // Its keys are known now, so that tokens go on without it.
    await other.down();
    expect((await byToken(facade.url, token)).status).toBe(200);
    await other.up();
  });

  it('an issuer that does not answer is given up on, and asked once for all who wait', async () => {
    const sockets: Socket[] = [];
    const silent = createServer((socket) => sockets.push(socket));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
      silent.close();
    });
    const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const facade = await node.startFacade(settingsFor({ url }));
    const token = await admin();
    const begun = performance.now();
    const answers = await Promise.all(Array.from({ length: 10 }, () => byToken(facade.url, token)));
    expect(performance.now() - begun).toBeLessThan(9_000);
    for (const answer of answers) expectProblem(answer, 503, 'issuer_unavailable');
    expect(sockets).toHaveLength(1);
  });

  it('an issuer that calls itself otherwise is none', async () => {
    const facade = await node.startFacade({
      HOLDFAST_OIDC_ISSUER: issuer.url.replace('localhost', '127.0.0.1'),
    });
    expectProblem(await byToken(facade.url, await admin()), 503, 'issuer_unavailable');
  });
});
