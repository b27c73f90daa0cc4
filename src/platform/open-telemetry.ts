/**
 * Sets OpenTelemetry up. Loaded only if spans are sent (open-tracing.ts). Only the log is registered globally: spans are made
 * of what requests and workflows report. The SDK reads its settings (sampler, limits, batches, endpoint) from OTEL_* variables.
 */
import { diag, DiagLogLevel, SpanKind, type Span } from '@opentelemetry/api';
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources';
import { BasicTracerProvider, BatchSpanProcessor, type SpanExporter } from '@opentelemetry/sdk-trace-base';
import { trySpanId } from '../domain/span-ids.ts';
import { traceContextOf, withSpan, type OpenSpan } from '../domain/trace-context.ts';
import { withTimeLimit } from '../lib/time-limit.ts';
import { makeCallSpans, SpanIds } from './call-spans.ts';
import type { Log } from './logging.ts';
import { openSpan, under } from './open-span.ts';
import { requestAttributes } from './span-attributes.ts';
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
  const ids = new SpanIds();
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
      const startTime = new Date(now() - request.ageMs);
      const options = { kind: SpanKind.SERVER, startTime, attributes };
      const caller = traceContextOf(request.headers);
      return open(tracer.startSpan(`${request.method} ${request.route}`, options, caller && under(caller)));
    },
    root: (name) => open(tracer.startSpan(name, { root: true, startTime: new Date(now()) })),
    ofTry: (call, { runId, agent, tryNumber }) => withSpan(call, trySpanId(runId, agent, tryNumber)),
    ended: (runId, call, endedAt) => makeCallSpans(tracer, ids, { runId, call, endedAt }),
    close: () =>
      withTimeLimit(
        provider
          .shutdown()
          .catch((error: unknown) => log.warn({ err: error }, 'The last spans were not sent'))
          .finally(() => diag.disable()),
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
