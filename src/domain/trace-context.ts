/** W3C Trace Context (https://www.w3.org/TR/trace-context/): where a call belongs in the trace of its caller. */

/** The two headers by which a trace is passed on. The names of the members are those of the headers. */
export interface TraceContext {
  /** `00-<trace id>-<id of the parent span>-<flags>`, in lower-case hex. */
  readonly traceparent: string;
  /** What tracing systems add for themselves. */
  readonly tracestate?: string;
}

/** A span that is not over yet. */
export interface OpenSpan {
  /** What a call that the span starts belongs to. Undefined if there is no trace. */
  readonly context: TraceContext | undefined;
  /** Links the span to another trace. */
  linkTo(other: TraceContext): void;
  /** Ends the span. `attributes` with the value undefined are left out. */
  end(attributes?: Readonly<Record<string, string | number | undefined>>, errorType?: string): void;
}

/** Version, trace id, parent id, flags. A later version than 00 may have more parts. */
const pattern = /^([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(-.*)?$/;
/** The least that the specification asks to pass on. A longer tracestate, which only adds to the trace, is left out. */
const maxTracestateLength = 512;

/** Reads the headers of a request. Undefined without a valid traceparent. Only version 00 is passed on. */
export function traceContextOf(headers: {
  readonly traceparent?: string | undefined;
  readonly tracestate?: string | undefined;
}): TraceContext | undefined {
  const [, version, traceId = '', parentId = '', flags = '', more] =
    pattern.exec(headers.traceparent ?? '') ?? [];
  if (version === undefined || version === 'ff' || (version === '00' && more !== undefined)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(parentId)) return undefined;
  const { tracestate = '' } = headers;
  const isPassedOn = tracestate.length <= maxTracestateLength && /^[\x20-\x7e]+$/.test(tracestate);
  return { traceparent: `00-${traceId}-${parentId}-${flags}`, ...(isPassedOn && { tracestate }) };
}

/** The parts of a traceparent. */
export function partsOf({ traceparent }: TraceContext): { traceId: string; spanId: string; flags: string } {
  const [, traceId = '', spanId = '', flags = ''] = traceparent.split('-');
  return { traceId, spanId, flags };
}

/** Returns the context whose parent is another span of the same trace. */
export function withSpan(context: TraceContext, spanId: string): TraceContext {
  const { traceId, flags } = partsOf(context);
  return { ...context, traceparent: `00-${traceId}-${spanId}-${flags}` };
}

/** Returns only the members of a trace context, of an object that may hold one; undefined if it holds none. */
export function traceIn(holder: Partial<TraceContext>): TraceContext | undefined {
  const { traceparent, tracestate } = holder;
  return traceparent === undefined
    ? undefined
    : { traceparent, ...(tracestate !== undefined && { tracestate }) };
}
