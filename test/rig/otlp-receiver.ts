/** A receiver of spans over OTLP/HTTP with JSON, and the settings that make a node send its spans to it. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { readText } from '../agents/scripted-http.ts';
import type { Environment } from './test-node.ts';

export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  /** 1: internal, 2: server, 3: client. */
  readonly kind: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** 2: error. */
  readonly status: number;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  /** The attributes of the process that sent it. */
  readonly resource: Readonly<Record<string, unknown>>;
}

export class OtlpReceiver {
  readonly spans: ReceivedSpan[] = [];
  /** The bodies as they arrived. */
  readonly bodies: string[] = [];
  private readonly port: number;

  constructor(port: number) {
    this.port = port;
  }

  /**
   * Spans are sent ten times a second, so that tests need not wait for them. A Temporal server that got these variables would
   * end: it knows only gRPC.
   */
  get environment(): Environment {
    return {
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${this.port}`,
      OTEL_TRACES_EXPORTER: 'otlp',
      OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/json',
      OTEL_BSP_SCHEDULE_DELAY: '100',
    };
  }

  ofTrace(traceId: string): ReceivedSpan[] {
    return this.spans.filter((span) => span.traceId === traceId).sort((a, b) => a.startMs - b.startMs);
  }

  /** The spans of a trace as lines, children indented below their parents. A span whose parent did not arrive is at the top. */
  tree(traceId: string): string[] {
    const spans = this.ofTrace(traceId);
    const ids = new Set(spans.map(({ spanId }) => spanId));
    const below = (parent: string | undefined, indent: string): string[] =>
      spans
        .filter(({ parentSpanId: id }) => (parent === undefined ? !id || !ids.has(id) : id === parent))
        .flatMap((span) => [`${indent}${span.name}`, ...below(span.spanId, `${indent}  `)]);
    return below(undefined, '');
  }

  take(body: string): void {
    this.bodies.push(body);
    const { resourceSpans } = JSON.parse(body) as OtlpBody;
    for (const { resource, scopeSpans } of resourceSpans)
      for (const { spans } of scopeSpans)
        for (const span of spans) this.spans.push(received(span, plain(resource.attributes)));
  }
}

/** Starts a receiver that lives until the end of the test. */
export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const server = createServer((request, response) => {
    void readText(request).then((body) => {
      receiver.take(body);
      response.setHeader('content-type', 'application/json').end('{}');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const receiver = new OtlpReceiver((server.address() as AddressInfo).port);
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return receiver;
}

interface OtlpAttribute {
  readonly key: string;
  /** One member, named by its type. */
  readonly value: Readonly<Record<string, unknown>>;
}

interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly OtlpAttribute[];
  readonly status: { readonly code?: number };
  readonly links?: readonly { readonly traceId: string; readonly spanId: string }[];
}

interface OtlpBody {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly OtlpAttribute[] };
    readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan[] }[];
  }[];
}

function received(span: OtlpSpan, resource: Record<string, unknown>): ReceivedSpan {
  const { traceId, spanId, parentSpanId, name, kind, status, links = [] } = span;
  return {
    traceId,
    spanId,
    ...(parentSpanId && { parentSpanId }),
    name,
    kind,
    startMs: Number(span.startTimeUnixNano) / 1e6,
    endMs: Number(span.endTimeUnixNano) / 1e6,
    attributes: plain(span.attributes),
    status: status.code ?? 0,
    links: links.map((link) => ({ traceId: link.traceId, spanId: link.spanId })),
    resource,
  };
}

function plain(attributes: readonly OtlpAttribute[]): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}
