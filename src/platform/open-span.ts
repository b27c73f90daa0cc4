/** Spans of OpenTelemetry as the rest of Holdfast knows them. Loaded only if spans are sent (open-tracing.ts). */
import {
  createTraceState,
  ROOT_CONTEXT,
  SpanStatusCode,
  trace,
  type Context,
  type Span,
} from '@opentelemetry/api';
import { partsOf, type OpenSpan, type TraceContext } from '../domain/trace-context.ts';

/** The context of spans whose parent is in another process. */
export function under(context: TraceContext): Context {
  const { traceId, spanId, flags } = partsOf(context);
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16),
    isRemote: true,
    ...(context.tracestate !== undefined && { traceState: createTraceState(context.tracestate) }),
  });
}

export function openSpan(span: Span, now: () => number): OpenSpan {
  const { traceId, spanId, traceFlags, traceState } = span.spanContext();
  const tracestate = traceState?.serialize();
  return {
    context: {
      traceparent: `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`,
      ...(tracestate && { tracestate }),
    },
    linkTo: (other) => {
      const linked = trace.getSpanContext(under(other));
      if (linked) span.addLink({ context: linked });
    },
    end: (attributes = {}, errorType?: string) => {
      span.setAttributes(attributes);
      endSpan(span, now(), errorType);
    },
  };
}

/**
 * Ends the span at a time in epoch ms, which the SDK gets as a date: it may take a number for one of `performance.now()`. A
 * failed span has its type, but no message, which may hold what an agent has written.
 */
export function endSpan(span: Span, at: number, errorType: string | undefined): void {
  if (errorType !== undefined) {
    span.setAttribute('error.type', errorType);
    span.setStatus({ code: SpanStatusCode.ERROR });
  }
  span.end(new Date(at));
}
