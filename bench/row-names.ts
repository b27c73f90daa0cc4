/** The titles of the rows by their names, in the order of the table. docs/benchmarks.md explains each row. */
export const rowTitles = {
  direct: 'direct call to the agent',
  floor: 'bare eager activity (the floor)',
  local: 'bare local activity',
  stock: 'stock Temporal app, server and all',
  'stock-tuned': 'stock Temporal app on our server',
  call: 'call',
  'call-regular': 'call, regular path',
  'call-key': 'call with an API key and limits',
  'call-traced': 'call whose spans are sent',
  'call-watched': 'call with spans, a webhook and metrics read',
  session: 'call in a session',
  'session-regular': 'call in a session, regular path',
  'session-thinking': 'call in a session, 10 s between turns',
  'session-hot': 'call in one session of all lanes',
  'session-queue': 'turn of a queue of 100 waiting calls',
  'failed-1': 'call after one failed agent',
  'failed-2': 'call after two failed agents',
  'failed-1-regular': 'call after one failed agent, regular path',
  'failed-2-regular': 'call after two failed agents, regular path',
  slow: 'call of an agent of 1.5 s, without them',
  'slow-regular': 'the same, regular path',
  repeat: 'idempotent repeat of an ended call',
  'repeat-rpcs': 'description and result of an ended call, the RPCs alone',
  update: 'update of a bare entity',
  describe: 'description of a session, the RPC alone',
  http: 'request to the node without an RPC',
  'session-read': 'session read, ten turns',
  'health-read': 'health read of one agent',
  'agents-list': 'agents list',
  'calls-list': 'calls list',
} as const;

export type RowName = keyof typeof rowTitles;

export const rowNames = Object.keys(rowTitles) as RowName[];

export function isRowName(name: string): name is RowName {
  return Object.hasOwn(rowTitles, name);
}

/**
 * How long the slow agent takes for an answer. It is subtracted from the measured durations, so that only the overhead remains.
 */
export const slowAgentMs = 1_500;

/** The least time between two turns of a session of the row `session-thinking`. */
export const thinkingMs = 10_000;

/** The number of calls that wait in the row `session-queue`, which is the default of HOLDFAST_MAX_SESSION_QUEUE. */
export const waitingCalls = 100;

/** The session that the rows `session-read` and `describe` read. */
export const lookupSession = 'bench-lookup';
