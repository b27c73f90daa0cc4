import type { Node } from '../../node/compose.ts';
import type { Config } from '../../platform/config.ts';
import type { Log } from '../../platform/logging.ts';
import type { Authenticate } from './auth.ts';
import type { Drain } from './drain.ts';
import type { Streams } from './sse.ts';
import type { Waiters } from '../calls/waiters.ts';

/** What the endpoints are made of. */
export type ApiDependencies = Node & {
  readonly config: Config;
  readonly log: Log;
  readonly authenticate: Authenticate;
  readonly drain: Drain;
  /** Whether this process's worker polls; undefined: it has none, others work. */
  readonly workerRunning: () => boolean | undefined;
  readonly limits: Config['limits'];
  /** Of Temporal's Web UI, without a slash at the end; undefined where none is known. */
  readonly webUiUrl: string | undefined;
  /** Why nothing new can be accepted; undefined: it can. */
  readonly diskProblem: () => string | undefined;
  readonly streams: Streams;
  readonly waiters: Waiters;
};
