/** The node that HOLDFAST_URL names: there, taking our key, and of the same time as we. */
import type { AgentList } from '../../contract/agents.ts';
import { CliError, ProblemError } from '../errors.ts';
import type { NodeClient } from '../http.ts';
import { fail, firstLine, ok, skip, warn, type Check } from './check.ts';

/** A second, and half of one since the date of an answer is whole seconds. */
const skewMs = 1_500;
const clock = 'clock';

/** `named`: the user says that it is there. */
export async function checkNodeAt(client: NodeClient, named: boolean): Promise<Check[]> {
  const check = 'node';
  const askedAt = Date.now();
  try {
    const { headers, body } = await client.open('GET', '/agents');
    const answeredAt = Date.now();
    const { total } = (await body.json()) as AgentList;
    return [
      ok(check, `${client.url} answers; it knows ${total} agents`),
      checkClock(headers['date'], (askedAt + answeredAt) / 2, (answeredAt - askedAt) / 2),
    ];
  } catch (error) {
    if (error instanceof ProblemError)
      return [
        fail(check, `${client.url}: ${firstLine(error)}`, 'see What to do of holdfast agents list'),
        noClock,
      ];
    const foreign = error instanceof CliError && error.cause === undefined;
    const detail = foreign ? firstLine(error) : `${client.url} is not there`;
    const fix = 'npm start runs one; HOLDFAST_URL names another';
    return [named ? fail(check, detail, fix) : warn(check, detail, fix), noClock];
  }
}

const noClock = skip(clock, 'no node tells its time');

/** `nowMs` is known to within `vagueMs`. */
function checkClock(date: string | string[] | undefined, nowMs: number, vagueMs: number): Check {
  const theirs = Date.parse(String(date));
  if (Number.isNaN(theirs)) return noClock;
  // Cut to the second before it, so on average half a second behind.
  const seconds = (theirs + 500 - nowMs) / 1_000;
  const detail = `that of the node is ${Math.abs(seconds).toFixed(1)} s ${seconds < 0 ? 'behind' : 'ahead'}`;
  return Math.abs(seconds) * 1_000 <= skewMs + vagueMs
    ? ok(clock, 'as that of the node')
    : warn(clock, detail, 'keep both in time, e.g. with NTP: times of calls and filters are wrong by this');
}
