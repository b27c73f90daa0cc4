/** Checks the running node: whether it answers, accepts the API key, and its clock agrees with this machine's. */
import type { AgentList } from '../../contract/agents.ts';
import { CliError, ProblemError } from '../errors.ts';
import type { NodeClient } from '../http.ts';
import { fail, firstLine, ok, skip, warn, type Check } from './check.ts';

/**
 * The largest clock skew, in ms, that is not reported: one second, plus half a second because the Date header has whole
 * seconds.
 */
const skewMs = 1_500;
const clock = 'clock';

/**
 * Checks the node that `client` uses. `named` is true if HOLDFAST_URL or --url names the node. Then it is a failure if the node
 * does not answer, otherwise only a warning.
 */
export async function checkNodeAt(client: NodeClient, named: boolean): Promise<Check[]> {
  const check = 'node';
  const askedAt = Date.now();
  try {
    const { headers, body } = await client.open('GET', '/agents');
    const answeredAt = Date.now();
    const { total } = (await body.json()) as AgentList;
    return [
      ok(check, `${client.url} answers; ${total} agents are registered`),
      checkClock(headers['date'], (askedAt + answeredAt) / 2, (answeredAt - askedAt) / 2),
    ];
  } catch (error) {
    if (error instanceof ProblemError)
      return [
        fail(
          check,
          `${client.url}: ${firstLine(error)}`,
          'run holdfast agents list: its error says what to do',
        ),
        noClock,
      ];
    const foreign = error instanceof CliError && error.cause === undefined;
    const detail = foreign ? firstLine(error) : `no answer from ${client.url}`;
    const fix = 'start a node with npm start, or set HOLDFAST_URL to a running one';
    return [named ? fail(check, detail, fix) : warn(check, detail, fix), noClock];
  }
}

const noClock = skip(clock, 'no node to compare the clock with');

/** Compares the Date header with `nowMs`, the time when it was written, which is known to ± `uncertaintyMs`. */
function checkClock(date: string | string[] | undefined, nowMs: number, uncertaintyMs: number): Check {
  const theirs = Date.parse(String(date));
  if (Number.isNaN(theirs)) return noClock;
  // The header is truncated to seconds, so on average it is half a second behind.
  const seconds = (theirs + 500 - nowMs) / 1_000;
  const detail = `the node's clock is ${Math.abs(seconds).toFixed(1)} s ${seconds < 0 ? 'behind' : 'ahead'}`;
  return Math.abs(seconds) * 1_000 <= skewMs + uncertaintyMs
    ? ok(clock, "this machine's clock agrees with the node's")
    : warn(
        clock,
        detail,
        'synchronize both clocks, e.g. with NTP: times of calls and filters are off by this much',
      );
}
