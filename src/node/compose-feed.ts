/** Wires the feed of endings: what a worker runs of it, and how a facade starts it. */
import { delay } from '../lib/delay.ts';
import type { Config } from '../platform/config.ts';
import type { Log } from '../platform/logging.ts';
import type { Sealer } from '../platform/sealing.ts';
import { AgentStates } from '../services/agents/agent-states.ts';
import type { Alerts } from '../services/alerts/alerts.ts';
import type { Archive } from '../services/archive/archive.ts';
import { EndedCalls } from '../services/endings/ended-calls.ts';
import { ensureFeed } from '../services/endings/ensure-feed.ts';
import { createFeedWork, type FeedParts, type FeedWork } from '../services/endings/feed-work.ts';
import { FigureConsumer } from '../services/figures/figure-consumer.ts';
import type { Temporal } from '../services/temporal/rpc.ts';
import { WebhookConsumer } from '../services/webhooks/webhook-consumer.ts';
import { WebhookMatcher } from '../services/webhooks/webhook-matcher.ts';
import type { ComposedWebhooks } from './compose-webhooks.ts';
import type { Payloads } from './open-payloads.ts';

interface FeedComposition {
  readonly temporal: Temporal;
  readonly payloads: Payloads;
  readonly sealer: Pick<Sealer, 'fingerprint'>;
  readonly webhooks: Pick<ComposedWebhooks, 'directory'>;
  readonly now: () => number;
  readonly alerts: Alerts;
  /** Starts what evaluates the alerts of the cluster. */
  readonly startAlerts: FeedParts['startBeside'];
}

export function composeFeed(config: Config, log: Log, parts: FeedComposition): FeedWork {
  const {
    endings: { marginMs },
    webhooks: { retryMs },
  } = config;
  const { temporal, payloads, sealer, now, webhooks, alerts } = parts;
  const { endings, hints, figures } = payloads;
  const matcher = new WebhookMatcher({
    directory: webhooks.directory,
    files: payloads.deliveries,
    laneOf: (sessionId) => sealer.fingerprint(`session ${sessionId}`).slice(0, 16),
    onUnknown: (why, err) => log.error({ err }, why),
  });
  const onFailed = (id: string, err: unknown): void => {
    log.error({ id, err }, 'Temporal does not take the delivery of this webhook or call');
  };
  return createFeedWork({
    calls: new EndedCalls(
      temporal,
      (callId, err) => {
        log.error(
          { callId, err },
          'The history of an ended call cannot be read: its attempts are not counted',
        );
      },
      (call) => matcher.marksOf(call),
    ),
    log: endings,
    hints,
    consumers: () => [
      new FigureConsumer(figures),
      new WebhookConsumer(temporal, retryMs, (id) => matcher.isOn(id), onFailed),
    ],
    startBeside: parts.startAlerts,
    agentStates: new AgentStates(temporal),
    alerts,
    wants: (type) => matcher.wants(type),
    wanting: (event) => matcher.wantingEvent(event),
    refresh: () => matcher.refresh(),
    marginMs,
    now,
    delay,
    onFailed: (err) => log.warn({ err }, 'Reading how calls ended failed; it will be retried'),
  });
}

/** How long before the archive's watermark the calls began that versions without the feed may not have archived. */
const overlapMs = 600_000;

/**
 * Starts the feed. The first one of a cluster begins where the archive of a version without a feed has ended. Throws the refusal
 * `temporal_unavailable`.
 */
export async function startFeed(temporal: Temporal, archive: Archive | undefined): Promise<void> {
  // An archive that cannot be read must not stop a node from starting.
  const watermark = (await archive?.watermark().catch(() => 0)) ?? 0;
  await ensureFeed(temporal, watermark === 0 ? undefined : watermark - overlapMs);
}
