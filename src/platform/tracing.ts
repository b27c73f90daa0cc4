/** What the rest of Holdfast does with traces (docs/traces.md, ADR 0038), and what that means if no spans are sent. */
import { traceContextOf, type OpenSpan, type TraceContext } from '../domain/trace-context.ts';
import type { EndedCall } from '../workflows/sinks.ts';

/** An HTTP request that may start calls. */
export interface TracedRequest {
  readonly method: string;
  readonly route: string;
  /** Without API keys that somebody pasted into it. */
  readonly path: string;
  readonly headers: Parameters<typeof traceContextOf>[0];
  /** How long ago it arrived, in ms. */
  readonly ageMs: number;
}

/** One request to an agent, before it is sent. Tries are numbered from 1. */
export interface TracedTry {
  readonly runId: string;
  readonly agent: string;
  readonly tryNumber: number;
}

export interface Tracing {
  /** Begins the span of a request. It continues the trace of the caller, or begins one. */
  request(request: TracedRequest): OpenSpan;
  /** Begins a trace for a call that no request asks for by itself. */
  root(name: string): OpenSpan;
  /** Returns what the agent gets of the call's trace. */
  ofTry(call: TraceContext, traced: TracedTry): TraceContext;
  /** Makes the spans of a call that has ended, and of its tries. `endedAt`: epoch ms. */
  ended(runId: string, call: EndedCall, endedAt: number): void;
  /** Sends what is left, for a short time. */
  close(): Promise<void>;
}

const closed = (context: TraceContext | undefined): OpenSpan => ({
  context,
  linkTo: () => undefined,
  end: () => undefined,
});

/** What a process does without spans: callers and agents have their traces in common all the same. */
export const withoutSpans: Tracing = {
  request: ({ headers }) => closed(traceContextOf(headers)),
  root: () => closed(undefined),
  ofTry: (call) => call,
  ended: () => undefined,
  close: () => Promise.resolve(),
};
