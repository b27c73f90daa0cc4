/** Makes the spans of a call that has ended (ADR 0038). Loaded only if spans are sent (open-tracing.ts). */
import { SpanKind, trace, type Span, type Tracer } from '@opentelemetry/api';
import { RandomIdGenerator, type IdGenerator } from '@opentelemetry/sdk-trace-base';
import { callSpanId, trySpanId } from '../domain/span-ids.ts';
import type { EndedCall } from '../workflows/sinks.ts';
import { endSpan, under } from './open-span.ts';
import { callAttributes, tryAttributes, tryEndOf } from './span-attributes.ts';

/** Makes the span of the call, and those of its tries below it. `endedAt`: epoch ms. `ids` are those of the provider. */
export function makeCallSpans(
  tracer: Tracer,
  ids: SpanIds,
  { runId, call, endedAt }: { readonly runId: string; readonly call: EndedCall; readonly endedAt: number },
): void {
  if (!call.trace) return;
  const { tries, ...context } = call.trace;
  const parent = under(context);
  const options = {
    startTime: new Date(call.startedAt),
    attributes: callAttributes(runId, call),
  };
  const span = ids.with(callSpanId(runId), () => tracer.startSpan(`call ${call.agent}`, options, parent));
  const ofCall = trace.setSpan(parent, span);
  tries.forEach((one, index) => {
    const { agent, attempt, at, errorType } = one;
    const ofTry = { kind: SpanKind.CLIENT, startTime: new Date(at), attributes: tryAttributes(call, one) };
    const tried = ids.with(trySpanId(runId, agent, attempt), () =>
      tracer.startSpan(`invoke_agent ${agent}`, ofTry, ofCall),
    );
    endSpan(tried, tryEndOf(one, tries[index + 1], endedAt), errorType);
  });
  endSpan(span, Math.max(endedAt, call.startedAt), call.errorType);
}

/** Makes random ids, except for the span that `with` starts. */
export class SpanIds implements IdGenerator {
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
