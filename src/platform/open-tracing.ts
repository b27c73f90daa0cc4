import type { Log } from './logging.ts';
import type { TraceSettings } from './trace-settings.ts';
import { withoutSpans, type Tracing } from './tracing.ts';

/**
 * Opens tracing. OpenTelemetry's packages are loaded only if spans are sent. `now` returns the time in epoch ms by the clock
 * of the Temporal server.
 */
export async function openTracing(
  settings: TraceSettings | undefined,
  log: Log,
  now: () => number,
): Promise<Tracing> {
  if (!settings) return withoutSpans;
  const { openTelemetry } = await import('./open-telemetry.ts');
  return openTelemetry(settings, log, now);
}
