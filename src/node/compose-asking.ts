/** Wires the parts that ask agents: the connections, the checks of answers, the requests in flight. */
import type { AgentPauses } from '../activities/agent-pauses.ts';
import { AgentRequests } from '../activities/agent-requests.ts';
import type { AskDependencies } from '../activities/ask.ts';
import { FirstTries } from '../activities/first-try.ts';
import { Expectations } from '../agents/expectations/expectations.ts';
import { formatOf } from '../agents/formats/formats.ts';
import { createHttpTransport } from '../agents/http/http-transport.ts';
import { KeyedSemaphores } from '../lib/keyed-semaphores.ts';
import type { TextStore } from '../payloads/text-store.ts';
import type { Config } from '../platform/config.ts';
import { createSecrets } from '../platform/secrets.ts';
import type { Sealer } from '../platform/sealing.ts';
import type { Tracing } from '../platform/tracing.ts';

/** The parts that activities and the first-task path need to ask agents. */
export interface Asking extends AskDependencies {
  readonly firstTries: FirstTries;
  readonly tracing: Tracing;
}

interface AskingParts {
  /** Epoch ms by the clock of the Temporal server. */
  readonly now: () => number;
  /** How long Temporal has answered without interruption (ms). */
  readonly serverAvailableMs: () => number;
  readonly tracing: Tracing;
  readonly pauses: AgentPauses;
}

/** Creates these parts. */
export function composeAsking(
  config: Config,
  sealer: Sealer,
  texts: TextStore,
  { now, serverAvailableMs, tracing, pauses }: AskingParts,
): Asking {
  const dependencies: AskDependencies & { readonly tracing: Tracing } = {
    transport: createHttpTransport(config.transport, formatOf),
    openToken: (sealed, agentName) => sealer.open(sealed, agentName),
    readSecret: createSecrets(config.secrets),
    agentRequests: new AgentRequests(serverAvailableMs, now),
    slots: new KeyedSemaphores(),
    now,
    expectations: new Expectations(config.expectations),
    texts,
    pauses,
    tracing,
  };
  return { ...dependencies, firstTries: new FirstTries(dependencies) };
}
