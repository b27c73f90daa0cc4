/**
 * The Express app. A request passes the log and the headers, then its endpoint's own checks (authentication, drain, disk,
 * content type), the parsing of its body, and its handler. Paths without an endpoint are the documentation's, the desk's, or
 * unknown.
 */
import express, {
  type ErrorRequestHandler,
  type Express,
  type Request,
  type RequestHandler,
  type Response,
} from 'express';
import helmet from 'helmet';
import { callFields } from '../domain/call-fields.ts';
import { Refusal } from '../domain/failures.ts';
import { callIdFrom } from '../domain/ids.ts';
import { gathered } from './http/gathered.ts';
import { without } from '../lib/without.ts';
import { webDir } from '../platform/paths.ts';
import { nobody, requireScope, type Principal } from './http/auth.ts';
import type { ApiDependencies } from './http/dependencies.ts';
import { deskRouter } from './http/desk.ts';
import { docsRouter } from './http/docs.ts';
import { streamed, type Context, type Endpoint } from './http/endpoint.ts';
import { jsonBody, jsonTypes } from './http/json-body.ts';
import { countRejected } from './http/count-rejected.ts';
import { openApiDocument } from './http/openapi.ts';
import { noteCall } from './http/noted-call.ts';
import { projectOfRequest } from './http/project.ts';
import { problemHandler } from './http/problems.ts';
import { refuseOtherSites } from './http/refuse-other-sites.ts';
import { requestLog } from './http/request-log.ts';
import { traceRequest } from './http/request-trace.ts';
import { withoutKeys } from './http/without-keys.ts';
import { pauseEndpoints } from './agents/pause-routes.ts';
import { alertEndpoints } from './alerts/routes.ts';
import { silenceEndpoints } from './alerts/silence-routes.ts';
import { agentEndpoints } from './agents/routes.ts';
import { callStreamEndpoints } from './calls/call-streams.ts';
import { callCsvEndpoints } from './calls/call-csv.ts';
import { callExportEndpoints } from './calls/call-export.ts';
import { batchEndpoints } from './reruns/batch-routes.ts';
import { callEndpoints } from './calls/routes.ts';
import { figuresEndpoints } from './figures/routes.ts';
import { healthEndpoints } from './agents/health-routes.ts';
import { keyEndpoints } from './keys/routes.ts';
import { oidcEndpoints } from './keys/oidc-routes.ts';
import { projectEndpoints } from './keys/project-routes.ts';
import { signInEndpoints } from './keys/sign-in-routes.ts';
import { nodeEndpoints } from './operations/node-routes.ts';
import { operationEndpoints } from './operations/routes.ts';
import { rerunEndpoints } from './reruns/routes.ts';
import { sessionChangeEndpoints } from './sessions/change-routes.ts';
import { sessionEndpoints } from './sessions/routes.ts';
import { whatIfEndpoints } from './reruns/what-if-routes.ts';
import { callbackEndpoints } from './webhooks/callback-routes.ts';
import { deliveryEndpoints } from './webhooks/delivery-routes.ts';
import { webhookEndpoints } from './webhooks/routes.ts';
import { validate } from './http/validate.ts';

/**
 * Returns the declarations of all endpoints. `document` returns the OpenAPI document; it is called only when the document is
 * requested.
 */
export function endpointsOf(deps: ApiDependencies, document: () => { openapi: string }): Endpoint[] {
  return [
    ...whatIfEndpoints(deps),
    ...callStreamEndpoints(deps),
    ...callCsvEndpoints(deps),
    ...callExportEndpoints(deps), // Before /calls/{id}, which would take its path.
    ...callEndpoints(deps),
    ...rerunEndpoints(deps),
    ...batchEndpoints(deps),
    ...agentEndpoints(deps),
    ...pauseEndpoints(deps),
    ...healthEndpoints(deps),
    ...sessionEndpoints(deps),
    ...sessionChangeEndpoints(deps),
    ...keyEndpoints(deps),
    ...projectEndpoints(deps),
    ...signInEndpoints(deps),
    ...oidcEndpoints(deps),
    ...figuresEndpoints(deps),
    ...callbackEndpoints(deps), // Before /webhooks/{id}, which would take its path.
    ...webhookEndpoints(deps),
    ...deliveryEndpoints(deps),
    ...alertEndpoints(deps),
    ...silenceEndpoints(deps),
    ...nodeEndpoints(deps),
    ...operationEndpoints(deps, document),
  ];
}

/** Creates the app. It does not listen. */
export function createApp(deps: ApiDependencies, version: string): Express {
  const endpoints = endpointsOf(deps, () => document);
  const document = openApiDocument(endpoints, { version });

  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.use(requestLog(deps.log));
  app.use(nameNode);
  app.use(helmet({ contentSecurityPolicy: { directives: { 'upgrade-insecure-requests': null } } }));
  for (const one of endpoints) app[one.method](expressPath(one.path), ...pipeline(one, deps));
  app.use(docsRouter(deps.authenticate));
  app.use(deskRouter(webDir));
  for (const path of new Set(endpoints.map((one) => one.path)))
    app.all(expressPath(path), methodNotAllowed(endpoints.filter((one) => one.path === path)));
  app.use((request) => {
    throw new Refusal('route_not_found', `No endpoint ${request.method} ${request.path}; see /docs`);
  });
  app.use(problemHandler(deps.log));
  return app;
}

/** Adds a header that names the product, so that the CLI can distinguish a node from another server at the address. */
const nameNode: RequestHandler = (_request, response, next) => {
  response.set('Holdfast-Api', '1');
  next();
};

/** Converts `/a/{b}` to Express's `/a/:b`. */
function expressPath(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ':$1');
}

function pipeline(one: Endpoint, deps: ApiDependencies): (RequestHandler | ErrorRequestHandler)[] {
  const { access, authenticate, charges, openResponses, drain, config, metrics, diskProblem } = deps;
  const guard: RequestHandler = async (request, response, next) => {
    const arrivedAt = performance.now();
    const stop = metrics.httpDuration.startTimer({
      http_request_method: request.method,
      http_route: one.path,
    });
    response.once('close', () => stop({ http_response_status_code: response.statusCode }));
    if (one.scope !== 'open') {
      response.set('Cache-Control', 'no-store'); // A request by cookie looks like anybody's to a shared cache.
      const principal = await authenticate(request);
      if (response.closed) return; // Its client has left, and nobody would read an answer.
      charges.request(principal);
      requireScope(principal, one.scope);
      principals.set(request, principal);
      openResponses.track(principal, response);
      // Only now: nobody without a key makes spans, or chooses the ids of their traces.
      if (startsCalls(one)) traceRequest(deps.tracing, one.path, arrivedAt, request, response);
    } else refuseOtherSites(request, config.publicOrigins);
    if (drain.draining && one.method !== 'get')
      throw new Refusal('shutting_down', 'This node is stopping; send the request to another node', {
        retryAfterSeconds: 5,
      });
    if (one.refusals.includes('disk_full')) requireDisk(diskProblem());
    drain.track(response);
    if ((one.body && !(one.bodyOptional && isEmpty(request))) || one.streamsBody) requireJson(request);
    next();
  };
  const serveIt: RequestHandler = (request, response) => serve(one, access, request, response);
  const { maxBodyBytes: limit } = config.limits;
  const parseBody = one.body ? jsonBody(limit) : [];
  const handlers = [guard, ...parseBody, serveIt];
  return startsCalls(one) ? [...handlers, countRejected(metrics)] : handlers;
}

/** Whether requests to the endpoint start calls. Streams may be refused as `overloaded`, too. */
function startsCalls({ method, refusals }: Endpoint): boolean {
  return method !== 'get' && refusals.includes('overloaded');
}

/** Who sent a request, once that is known. */
const principals = new WeakMap<Request, Principal>();

/**
 * Refuses the request if the disk has a problem. It does so at once, because Temporal would retry its write for seconds.
 * Deletions and cancellations are still accepted.
 */
function requireDisk(problem: string | undefined): void {
  if (problem !== undefined) throw new Refusal('disk_full', problem, { retryAfterSeconds: 5 });
}

async function serve(
  one: Endpoint,
  access: ApiDependencies['access'],
  request: Request,
  response: Response,
): Promise<void> {
  const principal = principals.get(request) ?? nobody;
  const project = one.projects ? await projectOfRequest(one, request, principal, access) : principal.project;
  const context = {
    params: one.params && validate(one.params, request.params, 'path'),
    query: one.query && validate(one.query, queryOf(one, request), 'query'),
    body: one.body && validate(one.body, request.body ?? (one.bodyOptional ? {} : undefined), 'body'),
    principal,
    project,
    request,
    response,
  };
  // The handler of a rerun notes the new call instead. A request that is refused may have a key in place of the id.
  if (one.projects === 'id' && one.path.startsWith('/api/vps/calls/'))
    noteCall(response, callFields(withoutKeys(callIdFrom(String(request.params['id'])))));
  const reply = await one.handle(context as Context<never, never, never>);
  if (reply === streamed) return;
  response.status(reply.status).set(reply.headers ?? {});
  if (reply.body === undefined) response.end();
  else response.json(reply.body);
}

function queryOf({ projects, gathers }: Endpoint, { query }: Request): Record<string, unknown> {
  const own = projects ? without(query, 'project') : query;
  return gathers === undefined ? own : gathered(own, gathers);
}

function isEmpty({ headers }: Request): boolean {
  return headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0;
}

/** Refuses a body of a type other than JSON. A missing body is left to the validation, which reports it. */
function requireJson(request: Request): void {
  const is = request.is(jsonTypes);
  if (is === false)
    throw new Refusal('unsupported_media_type', 'Send the body as "Content-Type: application/json"');
}

function methodNotAllowed(endpoints: readonly Endpoint[]): RequestHandler {
  const allowed = endpoints.map((one) => one.method.toUpperCase()).join(', ');
  return (request, response) => {
    response.set('Allow', allowed);
    throw new Refusal('method_not_allowed', `${request.path} takes ${allowed}`);
  };
}
