/** Reads from the standard OTEL_* variables whether spans are sent, and how. The OpenTelemetry SDK reads the others. */
import { StartupError } from './startup-error.ts';

export interface TraceSettings {
  readonly protocol: 'http/protobuf' | 'http/json';
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Spans are sent if OTEL_TRACES_EXPORTER is `otlp`, or if it is not set and an OTLP endpoint is; OTEL_SDK_DISABLED=true turns
 * it off. Returns undefined if none are sent. Throws `StartupError` for what Holdfast cannot do.
 */
export function traceSettings(environment: Environment): TraceSettings | undefined {
  const set = (name: string): string | undefined => environment[name]?.trim() || undefined;
  if (set('OTEL_SDK_DISABLED')?.toLowerCase() === 'true') return undefined;
  const endpoint = set('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT') ?? set('OTEL_EXPORTER_OTLP_ENDPOINT');
  const exporter = set('OTEL_TRACES_EXPORTER') ?? (endpoint === undefined ? 'none' : 'otlp');
  if (exporter === 'none') return undefined;
  if (exporter !== 'otlp')
    throw new StartupError(`OTEL_TRACES_EXPORTER: takes otlp or none, not '${exporter}'`);
  const name = set('OTEL_EXPORTER_OTLP_TRACES_PROTOCOL')
    ? 'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL'
    : 'OTEL_EXPORTER_OTLP_PROTOCOL';
  const protocol = set(name) ?? 'http/protobuf';
  if (protocol === 'http/protobuf' || protocol === 'http/json') return { protocol };
  throw new StartupError(
    `${name}: takes http/protobuf or http/json, not '${protocol}'; send to the collector's HTTP port, usually 4318`,
  );
}
