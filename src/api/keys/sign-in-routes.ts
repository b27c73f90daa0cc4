import { signIn as signInSchema, signInRequest, type SignIn } from '../../contract/sign-in.ts';
import { Refusal } from '../../domain/failures.ts';
import { iso } from '../calls/wire.ts';
import { ForeignHost, principalOf, type Principal } from '../http/auth.ts';
import type { ApiDependencies } from '../http/dependencies.ts';
import { requireCsrfToken } from '../http/desk-cookie.ts';
import type { ValidKey } from '../http/key-check.ts';
import { endpoint, type Endpoint } from '../http/endpoint.ts';

const path = '/api/vps/sign-in';
/** The answers have the CSRF token. */
const headers = { 'Cache-Control': 'no-store' };

const nobodySignedIn = {
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
} satisfies Omit<SignIn, 'methods'>;

type Dependencies = Pick<
  ApiDependencies,
  'access' | 'authenticate' | 'config' | 'deskCookies' | 'keyCheck' | 'usage'
>;

/** Endpoints with which people sign in at the desk and out again. */
export function signInEndpoints({
  access,
  authenticate,
  config,
  deskCookies,
  keyCheck,
  usage,
}: Dependencies): Endpoint[] {
  const methods: SignIn['methods'] = config.oidc ? ['key', 'oidc'] : ['key'];
  const toWire = ({ actor, project, scopes, agents, signIn }: Principal): SignIn => ({
    signed_in: true,
    how: actor.kind,
    name: nameOf(actor, access),
    key_id: actor.kind === 'key' ? actor.id : null,
    subject: actor.kind === 'person' ? actor.subject : null,
    project,
    scopes,
    agents: agents ?? null,
    csrf_token: signIn?.csrfToken ?? null,
    expires_at: signIn ? iso(signIn.until) : null,
    methods,
  });
  return [
    endpoint({
      method: 'get',
      path,
      scope: 'open',
      tag: 'keys',
      summary: 'Who is signed in at the desk',
      description: 'A cookie or key that is no longer valid is answered as none.',
      answers: { 200: { description: 'The sender of this request', schema: signInSchema } },
      refusals: ['unauthorized', 'issuer_unavailable', 'temporal_unavailable'],
      handle: async ({ request }) => {
        const sender = await authenticate(request).catch((error: unknown) => {
          if (!(error instanceof Refusal) || error instanceof ForeignHost) throw error;
          if (error.type !== 'unauthorized' && error.type !== 'no_rights') throw error;
          return undefined;
        });
        return { status: 200, headers, body: sender ? toWire(sender) : { ...nobodySignedIn, methods } };
      },
    }),
    endpoint({
      method: 'post',
      path,
      scope: 'open',
      tag: 'keys',
      summary: 'Sign in at the desk with an API key',
      description:
        'The answer sets a cookie, with which every node of the cluster takes the requests of the desk until it ends (HOLDFAST_DESK_HOURS) or its key does. It holds neither the key nor anything to be read.',
      body: signInRequest,
      answers: {
        200: {
          description: 'Signed in',
          schema: signInSchema,
          headers: { 'Set-Cookie': 'holdfast_desk: HttpOnly, SameSite=Strict, Secure under TLS' },
        },
      },
      refusals: [
        'invalid_json',
        'body_too_large',
        'unsupported_media_type',
        'validation_failed',
        'unauthorized',
        'shutting_down',
        'temporal_unavailable',
      ],
      handle: async ({ body, request, response }) => {
        const shown = keyCheck.recognise(body.api_key);
        if (!shown) throw new Refusal('unauthorized', 'This is not an API key of this node: check its text');
        const valid = await keyCheck.require(shown);
        if (valid.kind === 'key') usage.used(valid.key.id);
        const signIn = deskCookies.signIn(request, response, shown, { endsAt: endOf(valid) });
        return { status: 200, headers, body: toWire({ ...principalOf(valid), signIn }) };
      },
    }),
    endpoint({
      method: 'delete',
      path,
      scope: 'open',
      tag: 'keys',
      summary: 'Sign out of the desk',
      description:
        'Removes the cookie from the browser. Whoever has copied it is kept out by revoking the key; a copied sign-in of a person ends by itself.',
      answers: { 204: { description: 'Signed out' } },
      refusals: ['csrf_token_missing', 'shutting_down'],
      handle: async ({ request, response }) => {
        const signIn = deskCookies.read(request);
        if (signIn) requireCsrfToken(request, signIn);
        deskCookies.signOut(request, response);
        return Promise.resolve({ status: 204 });
      },
    }),
  ];
}

/** When the key, or the secret of it that was shown, ends (epoch ms). */
function endOf(valid: ValidKey): number | undefined {
  if (valid.kind === 'bootstrap') return undefined;
  const { key, actor } = valid;
  const secret = key.secrets.find(({ digest }) => digest === actor.digest);
  const ends = [key.expiresAt, secret?.until].filter((one) => one !== undefined);
  return ends.length === 0 ? undefined : Math.min(...ends);
}

function nameOf(actor: Principal['actor'], access: Dependencies['access']): string | null {
  if (actor.kind === 'person') return actor.name;
  return (actor.kind === 'key' && access.lookup(actor.id)?.name) || null;
}
