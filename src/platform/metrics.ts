/** Prometheus metrics of one process. Labels are bounded: registered agents, rows of the failure table, routes. */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

export type Metrics = ReturnType<typeof createMetrics>;

export function createMetrics(load: {
  callsInFlight: () => number;
  startsWaiting: () => number;
  asksInFlight: () => number;
  watches: () => number;
  clockSkewMs: () => number;
}) {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  new Gauge({
    name: 'holdfast_calls_in_flight',
    help: 'Calls of this node that have not ended, those of before its start included',
    registers,
    collect() {
      this.set(load.callsInFlight());
    },
  });
  new Gauge({
    name: 'holdfast_starts_waiting',
    help: 'Calls that this node has not accepted yet, because it starts others',
    registers,
    collect() {
      this.set(load.startsWaiting());
    },
  });
  new Gauge({
    name: 'holdfast_asks_in_flight',
    help: 'Requests to agents that this process has open',
    registers,
    collect() {
      this.set(load.asksInFlight());
    },
  });
  new Gauge({
    name: 'holdfast_watches',
    help: 'Calls and lists of calls that this node looks at for open event streams',
    registers,
    collect() {
      this.set(load.watches());
    },
  });
  new Gauge({
    name: 'holdfast_clock_skew_seconds',
    help: "How far this machine's clock is ahead of the Temporal server's",
    registers,
    collect() {
      this.set(load.clockSkewMs() / 1_000);
    },
  });
  return {
    registry,
    calls: new Counter({
      name: 'holdfast_calls_total',
      help: 'Ended calls by the agent that answered or was asked, and outcome (answered or the error type)',
      labelNames: ['agent', 'outcome'],
      registers,
    }),
    callDuration: new Histogram({
      name: 'holdfast_call_duration_seconds',
      help: 'From the start of a call to its end',
      labelNames: ['outcome'],
      buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 600],
      registers,
    }),
    attempts: new Counter({
      name: 'holdfast_attempts_total',
      help: 'Agents asked in calls, by outcome after their retries (answered or the error type)',
      labelNames: ['agent', 'outcome'],
      registers,
    }),
    httpDuration: new Histogram({
      name: 'http_server_request_duration_seconds',
      help: 'Duration of HTTP requests by route',
      labelNames: ['http_request_method', 'http_route', 'http_response_status_code'],
      buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 10, 60, 600],
      registers,
    }),
  };
}
