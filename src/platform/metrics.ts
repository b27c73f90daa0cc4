/**
 * The Prometheus metrics of one process. The values of labels are bounded: only registered agents, rows of the failure table
 * and routes occur.
 */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

export type Metrics = ReturnType<typeof createMetrics>;

/** Creates a new registry with all metrics. `load` returns the current values of the gauges. */
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
    help: 'Calls in flight of this node, including those from before its start',
    registers,
    collect() {
      this.set(load.callsInFlight());
    },
  });
  new Gauge({
    name: 'holdfast_starts_waiting',
    help: 'Calls that wait for their start because this node is starting others',
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
    help: 'Calls and lists of calls that this node watches for open event streams',
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
      help: 'Ended calls by agent (the one that answered, else the one that the caller named) and outcome (answered or the error type)',
      labelNames: ['agent', 'outcome'],
      registers,
    }),
    callDuration: new Histogram({
      name: 'holdfast_call_duration_seconds',
      help: 'Duration of calls from start to end',
      labelNames: ['outcome'],
      buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 600],
      registers,
    }),
    attempts: new Counter({
      name: 'holdfast_attempts_total',
      help: 'Attempts: agents asked in calls, by outcome after all tries (answered or the error type)',
      labelNames: ['agent', 'outcome'],
      registers,
    }),
    endingsLost: new Counter({
      name: 'holdfast_session_endings_lost_total',
      help: 'Turns whose call Temporal removed before the session had taken its ending over',
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
