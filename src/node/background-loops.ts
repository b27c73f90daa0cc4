/**
 * The periodic work of a process: it sends outcomes and reads which agents there are; a facade also reads what other nodes
 * changed, and cleans up.
 */
import { every } from '../lib/every.ts';
import type { Membership } from '../membership/membership.ts';
import type { TextStore } from '../payloads/text-store.ts';
import type { Log } from '../platform/logging.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { Agents } from '../services/agents/agents.ts';
import type { Health } from '../services/agents/health.ts';
import { FailedCalls } from '../services/archive/archive-failed.ts';
import type { Archive } from '../services/archive/archive.ts';
import { sweepFigures, sweepPayloads } from '../services/archive/payload-sweep.ts';
import type { FigureFiles } from '../services/figures/figure-files.ts';
import type { Access } from '../services/keys/access.ts';
import type { Usage } from '../services/keys/usage.ts';
import type { CallsInFlight } from '../services/calls/calls-in-flight.ts';
import { releaseEndedCalls } from '../services/calls/release-ended-calls.ts';
import type { EndingHints } from '../services/endings/ending-hints.ts';
import type { EndingLog } from '../services/endings/ending-log.ts';
import { ensureFeed } from '../services/endings/ensure-feed.ts';
import type { SessionDeletions } from '../services/sessions/session-deletions.ts';
import type { Temporal } from '../services/temporal/rpc.ts';
import type { DeliveryFiles } from '../services/webhooks/delivery-files.ts';
import { sweepDeliveries } from '../services/webhooks/sweep-deliveries.ts';
import type { WebhookDirectory } from '../services/webhooks/webhook-directory.ts';

/** The parts of the process that the loops use. */
export interface LoopParts {
  readonly temporal: Temporal;
  readonly metrics: Metrics;
  readonly texts: TextStore;
  readonly access: Access;
  readonly usage: Usage;
  readonly agents: Agents;
  readonly health: Health;
  readonly inFlight: CallsInFlight;
  readonly deletions: SessionDeletions;
  readonly membership: Membership;
  readonly archive: Archive | undefined;
  readonly archiveIntervalMs: number;
  readonly endings: EndingLog;
  readonly endingsKeptMs: number;
  readonly hints: EndingHints;
  readonly webhookDirectory: WebhookDirectory;
  /** They are kept as long as the log of endings. */
  readonly deliveries: DeliveryFiles;
  /** Epoch ms by Temporal's clock: this machine's may be wrong, and sweeps delete what is old. */
  readonly now: () => number;
  readonly figures: FigureFiles;
  readonly figuresDays: number;
}

/** How often outcomes are sent and other nodes' changes are read. With it, every node sees a change of an agent within 2 s. */
const syncIntervalMs = 1_000;
/** How often a facade reports what keys and projects use. A day's count that a kill -9 loses is at most so old. */
const usageIntervalMs = 2_000;
/** Hints that no reader has taken in this time are deleted: what they say can be read from Temporal. */
const hintsKeptMs = 3_600_000;
/** How often a facade makes sure that the feed of endings runs. */
const feedIntervalMs = 60_000;
const sweepIntervalMs = 6 * 3_600_000;
/** How often interrupted deletions of sessions are looked for and finished. They are also looked for once at the start. */
const deletionsIntervalMs = 60_000;

interface Loop {
  /** What the loop does, for the log line `<what> failed`. */
  readonly what: string;
  readonly intervalMs: number;
  readonly round: () => Promise<unknown>;
}

/**
 * Starts the loops. `readers` is true for a facade, which also reads what other nodes change and cleans up. Returns a function
 * that stops the loops.
 */
export function startBackgroundLoops(
  parts: LoopParts,
  log: Log,
  { readers }: { readonly readers: boolean },
): () => Promise<void> {
  const stopping = new AbortController();
  const failed = (what: string) => (error: unknown) => {
    log.warn({ err: error }, `${what} failed; it will be retried`);
  };
  if (readers)
    parts.deletions.finishAll(stopping.signal, { first: true }).catch((error: unknown) => {
      if (!stopping.signal.aborted) failed(finishing)(error);
    });
  const loops = [
    sendOutcomes(parts),
    writeHints(parts),
    readDirectory(parts),
    ...(readers ? readerLoops(parts, stopping.signal) : []),
  ];
  const stops = [
    parts.membership.start(),
    ...loops.map(({ what, intervalMs, round }) => every(intervalMs, round, failed(what))),
  ];
  return async () => {
    stopping.abort();
    await Promise.all(stops.map((stop) => stop()));
  };
}

const finishing = 'Finishing deletions of sessions';

function sendOutcomes({ health }: LoopParts): Loop {
  return { what: 'Sending outcomes', intervalMs: syncIntervalMs, round: () => health.flush() };
}

function writeHints({ hints }: LoopParts): Loop {
  return { what: 'Writing hints of endings', intervalMs: syncIntervalMs, round: () => hints.flush() };
}

/** A stand-alone worker reads it as well: it must not ask agents that are paused. */
function readDirectory({ agents, metrics }: LoopParts): Loop {
  return {
    what: 'Reading the agent directory',
    intervalMs: syncIntervalMs,
    round: () => metrics.readDirectory(() => agents.refresh()),
  };
}

function readerLoops(parts: LoopParts, stopping: AbortSignal): Loop[] {
  const { temporal, texts, access, usage, health, inFlight, deletions, archive } = parts;
  const { endings, figures, figuresDays, now } = parts;
  const failedCalls = archive && new FailedCalls(temporal, archive, endings);
  return [
    { what: 'Reading the API keys', intervalMs: syncIntervalMs, round: () => access.refresh() },
    { what: 'Reporting what keys use', intervalMs: usageIntervalMs, round: () => usage.sync() },
    { what: "Reading the agents' health", intervalMs: syncIntervalMs, round: () => health.refresh() },
    {
      what: 'Looking for calls that ended elsewhere',
      intervalMs: syncIntervalMs,
      round: () => releaseEndedCalls(temporal, inFlight),
    },
    {
      what: finishing,
      intervalMs: deletionsIntervalMs,
      round: () => deletions.finishAll(stopping, { first: false }),
    },
    {
      what: 'Sweeping payloads',
      intervalMs: sweepIntervalMs,
      round: () => sweepPayloads(temporal, texts, now(), archive),
    },
    {
      what: 'Sweeping the log of endings',
      intervalMs: sweepIntervalMs,
      round: () => sweepEndings(parts),
    },
    {
      what: 'Sweeping the deliveries of webhooks',
      intervalMs: sweepIntervalMs,
      round: () => sweepDeliveries(parts.webhookDirectory, parts.deliveries, now() - parts.endingsKeptMs),
    },
    ...(failedCalls
      ? [
          {
            what: 'Archiving failed calls',
            intervalMs: parts.archiveIntervalMs,
            round: () => failedCalls.archiveNew(stopping),
          },
        ]
      : []),
    {
      // Somebody may have ended its workflow in Temporal.
      what: 'Starting the feed of endings',
      intervalMs: feedIntervalMs,
      round: () => ensureFeed(temporal),
    },
    {
      what: 'Deleting old figures',
      intervalMs: sweepIntervalMs,
      round: () => sweepFigures(figures, now(), figuresDays),
    },
  ];
}

/** Deletes what no reader needs any more. The log is kept until the archive has its failed calls. */
async function sweepEndings({ endings, endingsKeptMs, hints, archive, now }: LoopParts): Promise<void> {
  const archived = (await archive?.watermark()) ?? Infinity;
  await endings.sweep(Math.min(now() - endingsKeptMs, archived));
  await hints.sweep(now() - hintsKeptMs);
}
