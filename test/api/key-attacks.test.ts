/**
 * Every endpoint of the OpenAPI document, asked with every kind of key. The rules come from the document itself, so a new
 * endpoint without one fails here.
 */
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { allows, scopes, type Scope } from '../../src/domain/api-key.ts';
import { newKeyText } from '../../src/domain/key-text.ts';
import type { Json } from '../rig/http-client.ts';
import { useNode, type NodeInUse } from './use-node.ts';

const bootstrap = 'bootstrap-key-of-the-test-0123456789';
const node = useNode({ HOLDFAST_API_KEYS: bootstrap });
const openNode = useNode();
// Nobody has to answer there.
const issuerNode = useNode({
  HOLDFAST_OIDC_ISSUER: 'http://127.0.0.1:9',
  HOLDFAST_OIDC_CLIENT_ID: 'holdfast',
  HOLDFAST_OIDC_GROUPS: 'admins=admin',
});

interface Operation {
  readonly method: string;
  readonly path: string;
  /** Undefined for an endpoint that needs no key. */
  readonly scope: Scope | undefined;
}

const signIn = '/api/vps/sign-in';
/** What an endpoint that needs no key answers to the requests of this file. */
const open: Readonly<Record<string, string>> = {
  [`GET ${signIn}`]: '200 answered',
  [`POST ${signIn}`]: '422 validation_failed', // It takes a key in its body.
  [`DELETE ${signIn}`]: '204 answered',
  [`GET ${signIn}/oidc`]: '404 route_not_found', // Without an issuer.
  [`GET ${signIn}/oidc/callback`]: '404 route_not_found',
  'GET /healthz': '200 answered',
  'GET /readyz': '200 answered',
};
/** Keys that open nothing, by what is wrong with them. */
const invalid: Record<string, string | undefined> = {};
/** The same of the desk's cookies. */
const invalidCookies: Record<string, SignedIn> = {};
const valid = new Map<Scope, string>();
const cookies = new Map<Scope, SignedIn>();
let operations: readonly Operation[] = [];

async function keyWith(wish: Json): Promise<{ id: string; text: string }> {
  const { body } = await node.http.post('/api/vps/keys', { name: 'attack', ...wish });
  return { id: String(body.id), text: String(body.key) };
}

/** The headers of a desk that is signed in. */
interface SignedIn extends Record<string, string> {
  readonly Cookie: string;
  readonly 'Holdfast-CSRF-Token': string;
}

async function signInWith(apiKey: string): Promise<SignedIn> {
  const { status, headers, body } = await node.http.post(signIn, { api_key: apiKey });
  expect(status).toBe(200);
  const Cookie = (headers.get('Set-Cookie') ?? '').split(';')[0] ?? '';
  return { Cookie, 'Holdfast-CSRF-Token': String(body.csrf_token) };
}

beforeAll(async () => {
  const { body } = await node.http.get('/openapi.json');
  operations = Object.entries(body.paths as Record<string, Json>).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, declared]) => ({
      method: method.toUpperCase(),
      path,
      scope: (declared as Json)['x-holdfast-scope'] as Scope | undefined,
    })),
  );
  for (const scope of scopes) {
    const { text } = await keyWith({ scopes: [scope] });
    valid.set(scope, text);
    cookies.set(scope, await signInWith(text));
  }
  const revoked = await keyWith({ scopes: ['admin'] });
  const revokedCookie = await signInWith(revoked.text);
  await node.http.delete(`/api/vps/keys/${revoked.id}`);
  const rotated = await keyWith({ scopes: ['admin'] });
  const rotatedCookie = await signInWith(rotated.text);
  await node.http.post(`/api/vps/keys/${rotated.id}/rotate`, { overlap_seconds: 0 });
  const expired = await keyWith({ scopes: ['admin'], expires_in_seconds: 5 });
  const expiredCookie = await signInWith(expired.text);
  await vi.waitFor(
    async () => expect((await node.http.get(`/api/vps/keys/${expired.id}`)).body.status).toBe('expired'),
    { timeout: 20_000 },
  );
  const admin = valid.get('admin') ?? '';
  Object.assign(invalid, {
    'no key': undefined,
    'a word': 'admin',
    'a key of another cluster': newKeyText().text,
    'a mistyped key': `g${admin.slice(1)}`,
    'a part of a bootstrap key': bootstrap.slice(0, -1),
    'a revoked key': revoked.text,
    'the secret before a rotation': rotated.text,
    'an expired key': expired.text,
    'a token of an issuer': 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbm4ifQ.x',
  });
  Object.assign(invalidCookies, {
    'of a revoked key': revokedCookie,
    'of the secret before a rotation': rotatedCookie,
    'of an expired key': expiredCookie,
    shortened: { ...revokedCookie, Cookie: (cookies.get('admin')?.Cookie ?? '').slice(0, -4) },
    'with the key itself': { ...revokedCookie, Cookie: `holdfast_desk=${admin}` },
    'sent twice': {
      ...cookies.get('admin'),
      Cookie: `${cookies.get('admin')?.Cookie}; ${expiredCookie.Cookie}`,
    },
  });
  // On a cluster the requests alternate between two facades; the one that did not revoke a key learns of it within 2 s.
  await vi.waitFor(
    async () => {
      for (const key of [...Object.values(invalid), ...Object.values(invalid)])
        expect(await ask({ method: 'GET', path: '/api/vps/agents' }, key)).toBe('401 unauthorized');
      for (const headers of [...Object.values(invalidCookies), ...Object.values(invalidCookies)])
        expect(await ask({ method: 'GET', path: '/api/vps/agents' }, undefined, { headers })).toBe(
          '401 unauthorized',
        );
    },
    { timeout: 20_000 },
  );
});

interface How {
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly of?: NodeInUse;
}

/** Only the status and the problem's type are read: some answers are streams without an end. */
async function ask(
  { method, path }: Pick<Operation, 'method' | 'path'>,
  key: string | undefined,
  { query = '', headers = {}, of = node }: How = {},
): Promise<string> {
  const gone = new AbortController();
  const url = of.http.nextUrl() + path.replaceAll(/\{\w+\}/g, 'nobody') + query;
  const reads = method === 'GET' || method === 'HEAD';
  const response = await fetch(url, {
    method,
    signal: gone.signal,
    headers: {
      ...(key !== undefined && { Authorization: `Bearer ${key}` }),
      ...(!reads && { 'Content-Type': 'application/json' }),
      ...headers,
    },
    ...(!reads && { body: '{"dry_run": true}' }),
  });
  if (method === 'HEAD') return String(response.status);
  const isProblem = response.headers.get('Content-Type')?.startsWith('application/problem+json') === true;
  const type = isProblem ? ((await response.json()) as Json).error_type : 'answered';
  gone.abort();
  return `${response.status} ${String(type)}`;
}

const nameOf = ({ method, path }: Operation): string => `${method} ${path}`;

describe('every endpoint', () => {
  it('is open on purpose, or says which scope it needs', () => {
    expect(operations.length).toBeGreaterThan(40);
    expect(
      operations
        .filter(({ scope }) => scope === undefined)
        .map(nameOf)
        .sort(),
    ).toEqual(Object.keys(open).sort());
    const changing = operations.filter(({ method, scope }) => method !== 'GET' && scope === 'read');
    expect(changing.map(nameOf), 'a key that may only read changes something').toEqual([]);
  });

  it('refuses every key that is not valid', async () => {
    for (const [what, key] of Object.entries(invalid))
      for (const one of operations)
        expect(await ask(one, key), `${nameOf(one)} with ${what}`).toBe(
          open[nameOf(one)] ?? '401 unauthorized',
        );
  });

  it('refuses every cookie of the desk that is not valid', async () => {
    for (const [what, headers] of Object.entries(invalidCookies))
      for (const one of operations)
        expect(await ask(one, undefined, { headers }), `${nameOf(one)} with a cookie ${what}`).toBe(
          open[nameOf(one)] ?? '401 unauthorized',
        );
  });

  it('that changes something needs the CSRF token of the cookie that comes with it', async () => {
    // The paths of this file name it, so that a change could succeed.
    await node.http.register('nobody', 1);
    await node.http.post('/api/vps/projects', { name: 'nobody' });
    const before = await everything();
    expect(before).toMatch(/"name":"nobody".*"name":"nobody"/);
    const { Cookie = '' } = cookies.get('admin') ?? {};
    const { 'Holdfast-CSRF-Token': otherToken = '' } = cookies.get('read') ?? {};
    const changing = operations.filter(
      ({ method, path }) => method !== 'GET' && !(method === 'POST' && path === signIn),
    );
    expect(changing.length).toBeGreaterThan(20);
    for (const token of [undefined, '', 'x'.repeat(43), otherToken, `${otherToken}, ${otherToken}`])
      for (const one of changing) {
        const headers = { Cookie, ...(token !== undefined && { 'Holdfast-CSRF-Token': token }) };
        expect(await ask(one, undefined, { headers }), `${nameOf(one)} with ${token ?? 'none'}`).toBe(
          '403 csrf_token_missing',
        );
        expect(await ask(one, undefined, { headers, query: `?csrf_token=${otherToken}` })).toBe(
          '403 csrf_token_missing',
        );
      }
    expect(await everything()).toEqual(before);
    await node.http.delete('/api/vps/agents/nobody');
  });

  it('refuses a valid key anywhere but in its header', async () => {
    const key = valid.get('admin') ?? '';
    for (const name of ['key', 'api_key', 'access_token', 'authorization', 'token'])
      for (const one of operations.filter(({ scope }) => scope !== undefined))
        expect(await ask(one, undefined, { query: `?${name}=${key}` }), nameOf(one)).toBe('401 unauthorized');
    for (const name of ['X-Api-Key', 'Api-Key', 'Proxy-Authorization', 'Cookie', 'Token'])
      for (const one of operations.filter(({ scope }) => scope !== undefined)) {
        const value = name === 'Cookie' ? `key=${key}; Authorization=Bearer ${key}` : `Bearer ${key}`;
        expect(await ask(one, undefined, { headers: { [name]: value } }), nameOf(one)).toBe(
          '401 unauthorized',
        );
      }
  });

  it('keeps what it answers out of shared caches', async () => {
    for (const { path } of operations.filter(
      ({ method, scope }) => method === 'GET' && scope !== undefined,
    )) {
      const gone = new AbortController();
      const { headers } = await fetch(node.http.nextUrl() + path.replaceAll(/\{\w+\}/g, 'nobody'), {
        headers: { Authorization: `Bearer ${valid.get('admin') ?? ''}` },
        signal: gone.signal,
      });
      expect(headers.get('Cache-Control'), path).toMatch(/no-store/);
      gone.abort();
    }
  });

  it('refuses HEAD as it refuses GET', async () => {
    const reading = operations.filter(({ method, scope }) => method === 'GET' && scope !== undefined);
    for (const { path } of reading) {
      expect(await ask({ method: 'HEAD', path }, undefined), path).toBe('401');
      expect(await ask({ method: 'HEAD', path }, invalid['a revoked key']), path).toBe('401');
    }
  });

  it('needs a key at a node without bootstrap keys from the first key on', async () => {
    const withoutKey = () => ask({ method: 'GET', path: '/api/vps/agents' }, undefined, { of: openNode });
    expect(await withoutKey()).toBe('200 answered');
    await openNode.http.post('/api/vps/keys', { name: 'first', scopes: ['admin'] });
    await vi.waitFor(
      async () => {
        expect([await withoutKey(), await withoutKey()]).toEqual(['401 unauthorized', '401 unauthorized']);
      },
      { timeout: 20_000 },
    );
    for (const each of operations)
      expect(await ask(each, undefined, { of: openNode }), nameOf(each)).toBe(
        open[nameOf(each)] ?? '401 unauthorized',
      );
  });

  it('needs a key or a token at a node with an issuer, although there is no key yet', async () => {
    for (const one of operations) {
      const answer = await ask(one, undefined, { of: issuerNode });
      if (open[nameOf(one)] === undefined) expect(answer, nameOf(one)).toBe('401 unauthorized');
      else expect(answer, nameOf(one)).not.toMatch(/^(401|403|5..) /);
    }
  });

  it.each(scopes)('does for a key with the scope %s what that allows, and nothing else', async (granted) => {
    const key = valid.get(granted);
    for (const one of operations)
      for (const answer of [
        await ask(one, key),
        await ask(one, undefined, { headers: cookies.get(granted) ?? {} }),
      ])
        if (one.scope === undefined || allows([granted], one.scope))
          expect(answer, nameOf(one)).not.toMatch(/^(401|403|500) /);
        else expect(answer, nameOf(one)).toBe('403 scope_missing');
  });

  /** What the API lists of what there is, but for the time at which keys were last used. */
  async function everything(): Promise<string> {
    const lists = ['agents', 'keys', 'projects', 'sessions', 'calls', 'reruns'];
    const bodies = lists.map(async (list) => (await node.http.get(`/api/vps/${list}`)).body);
    return JSON.stringify(await Promise.all(bodies), (name, value: unknown) =>
      name === 'last_used_at' ? undefined : value,
    );
  }
});

describe('the pages for people', () => {
  it('are open if they hold no data, and the documentation and everything that it loads need a key', async () => {
    const desk = ['/', '/calls', '/calls/x', '/agents', '/sessions', '/batches', '/nowhere'];
    const key = valid.get('read');
    const paths = new Set([...desk, '/docs/']);
    for (const path of [...desk, '/docs/'])
      for (const [, loaded] of (await page(path, key)).body.matchAll(/(?:src|href)="([^"#]+)"/g))
        paths.add(new URL(loaded ?? '', `http://node${path}`).pathname);
    expect([...paths].some((path) => path.startsWith('/assets/'))).toBe(true);
    expect([...paths].some((path) => path.endsWith('.css') && path.startsWith('/docs/'))).toBe(true);
    for (const path of paths) {
      const served = path === '/nowhere' ? 404 : 200;
      expect((await page(path, key)).status, path).toBe(served);
      expect((await page(path, undefined, cookies.get('read'))).status, path).toBe(served);
      const isOpen = !path.startsWith('/docs/');
      for (const [what, wrong] of Object.entries(invalid))
        expect((await page(path, wrong)).status, `${path} with ${what}`).toBe(isOpen ? served : 401);
      for (const [what, wrong] of Object.entries(invalidCookies))
        expect((await page(path, undefined, wrong)).status, `${path} with a cookie ${what}`).toBe(
          isOpen ? served : 401,
        );
    }
  });

  async function page(
    path: string,
    key: string | undefined,
    headers: Record<string, string> = {},
  ): Promise<{ status: number; body: string }> {
    const response = await fetch(node.http.nextUrl() + path, {
      headers: {
        Accept: 'text/html',
        ...(key !== undefined && { Authorization: `Bearer ${key}` }),
        ...headers,
      },
    });
    return { status: response.status, body: await response.text() };
  }
});
