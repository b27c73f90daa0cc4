import type { Expectations } from '../../agents/expectations/expectations.ts';
import type { Probes } from '../../agents/probes/probes.ts';
import type { Config } from '../../platform/config.ts';
import type { Log } from '../../platform/logging.ts';
import type { Metrics } from '../../platform/metrics.ts';
import type { Sealer } from '../../platform/sealing.ts';
import type { ServerClock } from '../../platform/server-clock.ts';
import type { StoreWatch } from '../../platform/store-watch.ts';
import type { Tracing } from '../../platform/tracing.ts';
import type { Services } from '../../services/services.ts';
import type { WebUi } from '../calls/call-description.ts';
import type { Authenticate } from './auth.ts';
import type { Charges } from './charges.ts';
import type { DeskCookies } from './desk-cookie.ts';
import type { Drain } from './drain.ts';
import type { KeyCheck } from './key-check.ts';
import type { OpenResponses } from './open-responses.ts';
import type { PeopleCheck } from './people-check.ts';
import type { Streams } from './sse.ts';

/** The dependencies of the endpoints: the services, and parts of this process. Each endpoint picks those that it needs. */
export interface ApiDependencies extends Services {
  readonly config: Config;
  readonly log: Log;
  readonly authenticate: Authenticate;
  readonly keyCheck: KeyCheck;
  /** Undefined if people do not sign in with an issuer. */
  readonly people: PeopleCheck | undefined;
  readonly deskCookies: DeskCookies;
  readonly charges: Charges;
  /** The callers whose Idempotency-Keys may have started calls of the project `default` before projects existed. */
  readonly earlierCallers: () => readonly string[];
  readonly openResponses: OpenResponses;
  readonly drain: Drain;
  /** Returns whether this process's worker runs; undefined if the process has no worker. */
  readonly workerRunning: () => boolean | undefined;
  /** Temporal's Web UI; undefined if none is known. */
  readonly webUi: WebUi | undefined;
  /** Returns why the disk is too full to accept new work; undefined if it has room. */
  readonly diskProblem: () => string | undefined;
  readonly storeWatch: StoreWatch;
  readonly clock: ServerClock;
  readonly sealer: Sealer;
  readonly expectations: Expectations;
  readonly probes: Probes;
  readonly metrics: Metrics;
  readonly tracing: Tracing;
  readonly streams: Streams;
}
