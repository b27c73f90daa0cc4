import type { AgentName } from '../agents/test-agents.ts';
import { deadlineSeconds, type Stage } from './stage.ts';
import type { CallRequest } from './call-request.ts';

/** How often each agent is called, relative to the others. */
const agentWeights: Record<AgentName, number> = {
  echo: 5,
  slow: 2,
  flaky: 3,
  down: 1,
  leaky: 1.5,
  broken: 0.7,
  bounded: 1.5,
  wordy: 0.7,
};

/** Records a new call request with random properties, except those that `options` fixes. */
export function newCallRequest(
  { journal, random, sessions }: Stage,
  step: string,
  options: NewCallRequestOptions = {},
): CallRequest {
  const session =
    'session' in options ? options.session : random.chance(0.5) ? sessions.pick(random) : undefined;
  const length =
    options.textLength ?? (random.chance(0.05) ? random.whole(4_000, 16_000) : random.whole(0, 200));
  return journal.addRequest(
    step,
    {
      agent_name: options.agent ?? random.weighted(agentWeights),
      deadline_seconds: random.chance(0.05) ? random.whole(1, 4) : deadlineSeconds,
      ...(session !== undefined && { session_id: session }),
      ...(options.cancelOnDisconnect && { on_disconnect: 'cancel' }),
    },
    { text: 'x'.repeat(length) },
  );
}

interface NewCallRequestOptions {
  readonly agent?: string;
  readonly session?: string | undefined;
  readonly cancelOnDisconnect?: true;
  /** The length of the prompt in characters. By default it is random, and mostly short. */
  readonly textLength?: number;
}
