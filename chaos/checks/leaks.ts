/**
 * Checks that slots, turns and sockets are free again once every call has ended, and finally that no process is left running.
 */
import { boundedCalls } from '../agents/test-agents.ts';
import type { Journal } from '../load/journal.ts';
import { deadlineSeconds, type Stage } from '../load/stage.ts';
import type { CallRequest } from '../load/call-request.ts';
import { eachOf, until } from '../pause.ts';
import { commandOf, openSockets, pidsMarked } from '../product/process-table.ts';
import type { Product } from '../product/product.ts';
import type { Finding } from './evidence.ts';
import { callsMayBeGone } from './removals.ts';

/** Within this time a session must grant a turn to one more call, and the call must be answered. */
const turnWithinMs = 15_000;
/** The most sockets that an idle process may have open: listeners, gRPC channels to Temporal, kept-alive connections. */
const maxSockets = 48;
/**
 * Within this time a facade no longer counts a call that has ended. A facade without a worker polls Temporal for the end of its
 * calls, with a backoff of up to a minute.
 */
const forgottenWithinMs = 70_000;
/**
 * The same for a deleted call. A facade that polls gets no answer about it, so it counts the call until a minute after the
 * call's deadline.
 */
const deletedWithinMs = deadlineSeconds * 1_000 + forgottenWithinMs;

/** Checks the gauges of requests to agents and of calls in flight: both must return to 0. */
export async function checkSlots(stage: Stage, product: Product): Promise<Finding> {
  const violations: string[] = [];
  const startedAt = Date.now();
  const deleted = deletedCalls(stage.journal);
  const gauges = { holdfast_asks_in_flight: 0, holdfast_calls_in_flight: deleted.count };
  for (const [gauge, countedLonger] of Object.entries(gauges)) {
    const within = (most: number, atMostMs: number): Promise<boolean> =>
      until(async () => (await totalOf(stage, product, gauge)) <= most, atMostMs, 1_000);
    const freed =
      (await within(countedLonger, startedAt + forgottenWithinMs - Date.now())) &&
      (await within(0, Math.max(startedAt + forgottenWithinMs, deleted.forgottenAt) - Date.now()));
    if (!freed)
      violations.push(`${gauge} is ${await totalOf(stage, product, gauge)} after every call has ended`);
  }
  const note = `0 after ${Math.round((Date.now() - startedAt) / 1_000)} s`;
  const checked = stage.api.facades.length + product.workers.length;
  return {
    row: 'leaks',
    what: 'no request to an agent and no call is counted as in flight',
    checked,
    violations,
    note,
  };
}

/** Returns how many deleted calls the facades may still count, each at most once per facade, and until when (epoch ms). */
function deletedCalls(journal: Journal): { count: number; forgottenAt: number } {
  const requests = journal.requests.filter(({ body }) => callsMayBeGone(journal, body.session_id));
  const counts = requests.map(({ submissions }) => new Set(submissions.map(({ facade }) => facade)).size);
  const deletions = journal.removals.filter(({ withCalls }) => withCalls);
  return {
    count: counts.reduce((sum, facades) => sum + facades, 0),
    forgottenAt: Math.max(0, ...deletions.map(({ until: over }) => over)) + deletedWithinMs,
  };
}

/** Returns the sum of a gauge over all facades and workers. */
async function totalOf({ api }: Stage, { workers }: Product, gauge: string): Promise<number> {
  const pages = await Promise.all([
    ...api.facades.map(async (facade) => (await api.send(facade, 'GET', '/metrics'))?.text ?? ''),
    ...workers.map(async ({ url }) => (await fetch(`${url}/metrics`)).text()),
  ]);
  const values = pages.map((page) => Number(new RegExp(`^${gauge} (\\d+)$`, 'm').exec(page)?.[1] ?? NaN));
  return values.reduce((sum, value) => sum + value, 0);
}

/**
 * Sends one more call in every session, each of which must get its turn, and then, through each facade, as many calls at the
 * same time as the agent `bounded` has slots. All must be answered in time.
 */
export async function checkTurnsAndBounds(stage: Stage): Promise<Finding> {
  const { api, calls, journal, random } = stage;
  const violations: string[] = [];
  const probe = async (request: CallRequest, facade = random.pick(api.facades)): Promise<void> => {
    const { outcome, status, errorType } = await calls.send(request, {
      facade,
      wait: true,
      timeoutMs: turnWithinMs,
    });
    if (request.endings.length === 0)
      violations.push(
        `${request.body.session_id ?? `${request.body.agent_name} at the ${facade}`}: ${outcome} ${String(status)} ${errorType ?? ''}`,
      );
  };
  const body = { agent_name: 'echo', deadline_seconds: deadlineSeconds };
  const sessions = [...journal.sessions.keys()];
  await eachOf(sessions, 6, (id) => probe(journal.addRequest('probe', { ...body, session_id: id })));
  for (const facade of api.facades) {
    const requests = Array.from({ length: boundedCalls }, () =>
      journal.addRequest('probe', { ...body, agent_name: 'bounded' }),
    );
    await Promise.all(requests.map((request) => probe(request, facade)));
  }
  const checked = sessions.length + api.facades.length * boundedCalls;
  return {
    row: 'leaks',
    what: `every session grants a turn within ${turnWithinMs / 1_000} s, every slot is free`,
    checked,
    violations,
  };
}

/** Checks that no idle process has more than `maxSockets` sockets open. */
export async function checkSockets({ holdfast }: Product): Promise<Finding> {
  const violations: string[] = [];
  const counts: string[] = [];
  for (const { name, pid } of holdfast) {
    await until(async () => (await openSockets(pid)) <= maxSockets, 20_000, 1_000);
    const open = await openSockets(pid);
    counts.push(`${name} ${open}`);
    if (open > maxSockets) violations.push(`${name} has ${open} sockets open`);
  }
  const row = { row: 'leaks', what: `at most ${maxSockets} sockets open while idle` };
  return { ...row, checked: counts.length, violations, note: counts.join(', ') };
}

/**
 * Stops every process, in the reverse order of their start. Each must exit with code 0, none may have exited unexpectedly
 * during the run, and no child process may remain.
 */
export async function checkEnd({ processes, retired }: Product, marker: string): Promise<Finding> {
  const violations: string[] = [];
  const all = [...processes, ...retired];
  for (const one of [...processes].reverse()) await one.stop();
  for (const { name, exits } of all) {
    const how = exits.at(-1)?.how;
    if (how !== 'code 0') violations.push(`${name} ended with ${String(how)} when it was asked to stop`);
  }
  for (const { exits } of all)
    for (const { name, how, wanted, ready, tail } of exits)
      if (!wanted && ready) violations.push(`${name} exited unexpectedly with ${how}: ${tail.slice(-600)}`);
  await until(async () => (await pidsMarked(marker)).length === 0, 5_000);
  for (const pid of await pidsMarked(marker))
    violations.push(`pid ${pid} is still running: ${await commandOf(pid)}`);
  const checked = all.reduce((sum, { exits }) => sum + exits.length, 0);
  return {
    row: 'leaks',
    what: 'processes exit when asked to, only then, and leave no children',
    checked,
    violations,
  };
}
