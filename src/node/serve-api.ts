/** Creates the HTTP API of a node from its services, and listens. */
import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import { createApp } from '../api/app.ts';
import { createAuthenticate, earlierCallerOf } from '../api/http/auth.ts';
import { Charges } from '../api/http/charges.ts';
import { DeskCookies } from '../api/http/desk-cookie.ts';
import type { Drain } from '../api/http/drain.ts';
import { KeyCheck } from '../api/http/key-check.ts';
import { OpenResponses } from '../api/http/open-responses.ts';
import { PeopleCheck } from '../api/http/people-check.ts';
import { Streams } from '../api/http/sse.ts';
import { every } from '../lib/every.ts';
import type { Config } from '../platform/config.ts';
import type { Log } from '../platform/logging.ts';
import type { OpenTemporal } from '../platform/open-temporal.ts';
import type { RunningWorker } from '../platform/running-worker.ts';
import type { Cleanups } from '../platform/shutdown.ts';
import { version } from '../platform/version.ts';
import { KnownKeys } from '../services/keys/known-keys.ts';
import { Issuer } from '../services/people/issuer.ts';
import type { Node } from './compose.ts';
import { closeServer, listen } from './listen.ts';
import { startNodeAlerts } from './node-alerts.ts';
import { watchStoreDisk } from './watch-store-disk.ts';

/** How often responses are compared with the keys that asked for them. With it, a revoked key loses its streams within 2 s. */
const cutIntervalMs = 250;

interface ApiParts {
  readonly node: Node;
  readonly temporal: OpenTemporal;
  /** The worker of this process. Undefined if it runs none. */
  readonly worker: RunningWorker | undefined;
  readonly drain: Drain;
  readonly cleanups: Cleanups;
}

/** Creates the API and listens. Returns the URL at which it listens. Throws `StartupError`. */
export async function serveApi(config: Config, log: Log, parts: ApiParts): Promise<string> {
  const { node, temporal, worker, drain, cleanups } = parts;
  const webUiUrl = config.temporal.uiUrl ?? temporal.webUiUrl;
  const { sealer, clock, storeWatch, metrics, probes } = node;
  const storeDisk = await watchStoreDisk(config, log, cleanups);
  const { access } = node.services;
  const now = (): number => clock.now();
  const known = new KnownKeys(access, now, config.keys.offlineMs);
  const openResponses = new OpenResponses(known, now);
  const keyCheck = new KeyCheck(config.apiKeys, known, { hasIssuer: config.oidc !== undefined });
  const issuerFailed = (why: string): void =>
    log.warn({ why }, 'The issuer of HOLDFAST_OIDC_ISSUER could not be asked; the next request asks again');
  const people = config.oidc && new PeopleCheck(new Issuer(config.oidc, issuerFailed), known, now);
  const deskCookies = new DeskCookies(sealer, now, {
    lifeMs: config.keys.deskSignInMs,
    publicOrigins: config.publicOrigins,
  });
  const charges = new Charges(node.services.usage, access);
  const ownCallers = config.apiKeys.map(earlierCallerOf);
  const workerRunning = (): boolean | undefined => worker?.running();
  const diskProblem = (): string | undefined => temporal.disk?.problem ?? storeDisk?.problem;
  const app = createApp(
    {
      ...node.services,
      config,
      log,
      authenticate: createAuthenticate(config, keyCheck, people, deskCookies),
      keyCheck,
      people,
      deskCookies,
      openResponses,
      charges,
      earlierCallers: () => [
        ...new Set([...access.earlierCallers(now()), ...(access.hasEarlierCallers(now()) ? ownCallers : [])]),
      ],
      drain,
      workerRunning,
      webUi: webUiUrl === undefined ? undefined : { url: webUiUrl, namespace: temporal.namespace },
      diskProblem,
      storeWatch,
      clock,
      sealer,
      expectations: node.asking.expectations,
      probes,
      metrics,
      tracing: node.asking.tracing,
      streams: new Streams(config.limits.maxStreams, drain),
    },
    version,
  );
  const http = await listen(app, config.host, config.port, config.connections);
  const cut = (): Promise<void> => {
    openResponses.cutInvalid();
    return Promise.resolve();
  };
  cleanups.add(
    'ending responses with their keys',
    every(cutIntervalMs, cut, (error) => log.warn({ err: error }, 'Ending responses with their keys failed')),
  );
  cleanups.add('alerts', startNodeAlerts(config, log, { node, workerRunning, diskProblem }));
  cleanups.add('cancelling calls that nobody waits for', () => node.waiters.settle());
  cleanups.add('HTTP', () => closeServer(http));
  const address = http.address() as AddressInfo;
  node.listensOn(address.port);
  const url = urlOf(config.host, address);
  await node.membership.listensAt(reachable(url));
  return url;
}

function urlOf(host: string, { port }: AddressInfo): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Returns the URL for other machines: replaces an address that stands for all addresses of this machine by its host name. */
function reachable(url: string): string {
  return url.replace(/\/\/(0\.0\.0\.0|\[::\])/, `//${hostname()}`);
}
