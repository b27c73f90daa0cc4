/** A real OpenID Connect issuer (oidc-provider) on a loopback port, and its keys, with which a test can sign what it likes. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose';
import { Provider, type Configuration } from 'oidc-provider';

export const client = { id: 'holdfast', secret: 'client-secret-of-the-test/+&=%' };
export const publicClient = 'holdfast-public';
const keyId = 'key-of-the-issuer';

/** Of a token; one that is undefined is left out. */
type Claims = Readonly<Record<string, unknown>>;

/** What the issuer tells of a person, by the name with which they log in. */
export type People = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

export interface TestIssuer {
  readonly url: string;
  /** How often each path was asked for. */
  readonly asked: Map<string, number>;
  readonly publicJwk: JWK;
  /** Signs a token as the issuer does, for 5 minutes; `claims` and `header` replace what it has. */
  sign(claims?: Claims, header?: Record<string, unknown>, key?: CryptoKey | Uint8Array): Promise<string>;
  /** Stops listening; `up` listens again at the same port. */
  down(): Promise<void>;
  up(): Promise<void>;
  close(): Promise<void>;
}

/** The host is not that of the node, so that the two are different sites for a browser. */
export async function startIssuer(people: People, extra: Configuration = {}): Promise<TestIssuer> {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true });
  const publicJwk = { ...(await exportJWK(publicKey)), kid: keyId, alg: 'RS256', use: 'sig' };
  const asked = new Map<string, number>();
  const server = createServer();
  await listen(server, 0);
  const { port } = server.address() as AddressInfo;
  const url = `http://localhost:${port}`;
  const provider = new Provider(url, {
    jwks: { keys: [{ ...(await exportJWK(privateKey)), kid: keyId, alg: 'RS256', use: 'sig' }] },
    // Native clients may come back to any port of loopback.
    clients: [
      {
        client_id: client.id,
        client_secret: client.secret,
        application_type: 'native',
        redirect_uris: ['http://127.0.0.1/api/vps/sign-in/oidc/callback'],
      },
      {
        client_id: publicClient,
        token_endpoint_auth_method: 'none',
        application_type: 'native',
        redirect_uris: ['http://127.0.0.1/api/vps/sign-in/oidc/callback'],
      },
    ],
    ttl: { AccessToken: 600, Grant: 600, IdToken: 600, Interaction: 600, Session: 600 },
    cookies: { keys: ['key of the cookies of the test'] },
    claims: { openid: ['sub', 'groups'], profile: ['name'], email: ['email'] },
    findAccount: (_context, id) => ({
      accountId: id,
      claims: () => ({ ...people[id], sub: id }),
    }),
    ...extra,
  });
  const answer = provider.callback();
  server.on('request', (request, response) => {
    const path = (request.url ?? '').split('?')[0] ?? '';
    asked.set(path, (asked.get(path) ?? 0) + 1);
    void answer(request, response);
  });
  return {
    url,
    asked,
    publicJwk,
    sign: (claims = {}, header = {}, key = privateKey) => {
      const now = Math.floor(Date.now() / 1_000);
      const all: Claims = { iss: url, aud: client.id, sub: 'ann', iat: now, exp: now + 300, ...claims };
      const whole = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
      return new SignJWT(whole).setProtectedHeader({ alg: 'RS256', kid: keyId, ...header }).sign(key);
    },
    down: () => close(server),
    up: () => listen(server, port),
    close: () => close(server),
  };
}

async function listen(server: Server, port: number): Promise<void> {
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
}

async function close(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
}
