/**
 * Traces by OpenTelemetry. Loaded only if spans are sent (open-tracing.ts). Nothing is registered globally: spans are made here, from
 * what requests and workflows report, and the SDK reads its settings (sampler, limits, batches, endpoint) from OTEL_* variables.
 */
import {
  createTraceState,
  diag,
  DiagLogLevel,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Context,
  type Span,
} from '@opentelemetry/api';
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources';
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  RandomIdGenerator,
  type IdGenerator,
  type SpanExporter,
} from '@opentelemetry/sdk-trace-base';
import { callSpanId, trySpanId } from '../domain/span-ids.ts';
import {
  partsOf,
  traceContextOf,
  withSpan,
  type OpenSpan,
  type TraceContext,
} from '../domain/trace-context.ts';
import { withTimeLimit } from '../lib/time-limit.ts';
import type { Log } from './logging.ts';
import { callAttributes, requestAttributes, tryAttributes, tryEndOf } from './span-attributes.ts';
import type { TraceSettings } from './trace-settings.ts';
import type { Tracing } from './tracing.ts';
import { version } from './version.ts';

/** How long a process that stops tries to send the last spans. */
const closeMs = 2_000;
/** How long problems are not logged after one was. */
const quietMs = 60_000;
const maxProblemLength = 1_000;

export async function openTelemetry(
  { protocol }: TraceSettings,
  log: Log,
  now: () => number,
): Promise<Tracing> {
  logProblems(log);
  const ids = new Ids();
  const provider = new BasicTracerProvider({
    idGenerator: ids,
    resource: defaultResource()
      .merge(resourceFromAttributes({ 'service.name': 'holdfast', 'service.version': version }))
      .merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [new BatchSpanProcessor(await exporterFor(protocol))],
  });
  const tracer = provider.getTracer('holdfast', version);
  const open = (span: Span): OpenSpan => openSpan(span, now);
  return {
    request: (request) => {
      const attributes = requestAttributes(request);
      const options = { kind: SpanKind.SERVER, startTime: now(), attributes };
      const caller = traceContextOf(request.headers);
      return open(tracer.startSpan(`${request.method} ${request.route}`, options, caller && under(caller)));
    },
    root: (name) => open(tracer.startSpan(name, { root: true, startTime: now() })),
    ofTry: (call, { runId, agent, tryNumber }) => withSpan(call, trySpanId(runId, agent, tryNumber)),
    ended: (runId, call, endedAt) => {
      if (!call.trace) return;
      const { agentAsked, tries, ...context } = call.trace;
      const options = { startTime: call.startedAt, attributes: callAttributes(runId, call, agentAsked) };
      const parent = under(context);
      const span = ids.with(callSpanId(runId), () => tracer.startSpan(`call ${agentAsked}`, options, parent));
      tries.forEach((one, index) => {
        const attributes = tryAttributes(call, one);
        const startTime = Date.parse(one.at);
        const tried = ids.with(trySpanId(runId, one.agent, one.attempt), () =>
          tracer.startSpan(
            `invoke_agent ${one.agent}`,
            { kind: SpanKind.CLIENT, startTime, attributes },
            trace.setSpan(parent, span),
          ),
        );
        end(tried, tryEndOf(one, tries[index + 1], endedAt), one.errorType);
      });
      end(span, Math.max(endedAt, call.startedAt), call.errorType);
    },
    close: () =>
      withTimeLimit(
        provider
          .shutdown()
          .catch((error: unknown) => log.warn({ err: error }, 'The last spans were not sent')),
        closeMs,
        () => log.warn('The last spans were not sent in time'),
      ),
  };
}

/** Loads only the exporter that is used. */
async function exporterFor(protocol: TraceSettings['protocol']): Promise<SpanExporter> {
  const { OTLPTraceExporter } = await (protocol === 'http/json'
    ? import('@opentelemetry/exporter-trace-otlp-http')
    : import('@opentelemetry/exporter-trace-otlp-proto'));
  return new OTLPTraceExporter();
}

/** Makes random ids, except for the span that `with` starts. */
class Ids implements IdGenerator {
  private readonly random = new RandomIdGenerator();
  private next: string | undefined;

  generateTraceId(): string {
    return this.random.generateTraceId();
  }

  generateSpanId(): string {
    return this.next ?? this.random.generateSpanId();
  }

  /** `start` starts one span, which gets this id. */
  with(id: string, start: () => Span): Span {
    this.next = id;
    try {
      return start();
    } finally {
      this.next = undefined;
    }
  }
}

/** The context of spans whose parent is in another process. */
function under(context: TraceContext): Context {
  const { traceId, spanId, flags } = partsOf(context);
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16),
    isRemote: true,
    ...(context.tracestate !== undefined && { traceState: createTraceState(context.tracestate) }),
  });
}

function openSpan(span: Span, now: () => number): OpenSpan {
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
      end(span, now(), errorType);
    },
  };
}

/** A failed span has its type, but no message, which may hold what an agent has written. */
function end(span: Span, at: number, errorType: string | undefined): void {
  if (errorType !== undefined) {
    span.setAttribute('error.type', errorType);
    span.setStatus({ code: SpanStatusCode.ERROR });
  }
  span.end(at);
}

/** Logs, once a minute at most, what OpenTelemetry says about wrong settings and about a collector that takes no spans. */
function logProblems(log: Log): void {
  let quietUntil = 0;
  const warn = (message: string): void => {
    if (performance.now() < quietUntil) return;
    quietUntil = performance.now() + quietMs;
    log.warn({ problem: message.slice(0, maxProblemLength) }, 'OpenTelemetry has a problem');
  };
  const ignore = (): void => undefined;
  diag.setLogger(
    { error: warn, warn, info: ignore, debug: ignore, verbose: ignore },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
}
