/**
 * Reads the durations of a node's HTTP handlers from its Prometheus histogram. A duration lasts from the request's headers to
 * the end of the answer.
 */
import { get } from './http.ts';

export interface HandlerTimes {
  readonly requests: number;
  readonly seconds: number;
  /** The number of requests that took less than 1 ms, which is the histogram's first bucket. */
  readonly underOneMs: number;
}

export async function readHandlerTimes(url: string, route: string): Promise<HandlerTimes> {
  const lines = (await get(`${url}/metrics`))
    .split('\n')
    .filter((line) => line.includes(`http_route="${route}"`));
  const sum = (suffix: string, label = ''): number =>
    lines
      .filter(
        (line) => line.startsWith(`http_server_request_duration_seconds_${suffix}{`) && line.includes(label),
      )
      .reduce((total, line) => total + Number(line.slice(line.lastIndexOf(' '))), 0);
  return { requests: sum('count'), seconds: sum('sum'), underOneMs: sum('bucket', 'le="0.001"') };
}

export function between(before: HandlerTimes, after: HandlerTimes): HandlerTimes {
  return {
    requests: after.requests - before.requests,
    seconds: after.seconds - before.seconds,
    underOneMs: after.underOneMs - before.underOneMs,
  };
}
