/**
 * Settings that should be the same on all nodes of a cluster, because otherwise a call's outcome depends on which node
 * handles it. A difference is logged but does not stop a node, so that a setting can be changed node by node (ADR 0033).
 */
import type { z } from 'zod';

const ofAllNodes = [
  'HOLDFAST_TASK_QUEUE',
  'HOLDFAST_DEADLINE_SECONDS',
  'HOLDFAST_MAX_DEADLINE_SECONDS',
  'HOLDFAST_MAX_ANSWER_BYTES',
  'HOLDFAST_MAX_COMPRESSION_RATIO',
  'HOLDFAST_EXPECT_TIMEOUT_MS',
  'HOLDFAST_INLINE_BYTES',
  'HOLDFAST_MAX_CHAIN',
  'HOLDFAST_FIRST_TASK_WAIT_MS',
  'HOLDFAST_MAX_BATCH_CALLS',
  'HOLDFAST_MAX_SESSION_METADATA_BYTES',
  'HOLDFAST_MAX_SESSION_QUEUE',
  'HOLDFAST_SESSION_OLDER_BYTES',
  'HOLDFAST_SESSION_HISTORY_EVENTS',
  'HOLDFAST_SESSION_LOOK_SECONDS',
  'HOLDFAST_ENDINGS_MARGIN_SECONDS',
  // Facades check a webhook's URL when it is made, workers its addresses when they connect.
  'HOLDFAST_WEBHOOK_ALLOW',
  'HOLDFAST_WEBHOOK_TIMEOUT_SECONDS',
  'HOLDFAST_WEBHOOK_MAX_BYTES',
  'HOLDFAST_WEBHOOK_RETRY_HOURS',
  // Whether mails can be sent: the mail server itself is not compared, since it has a password.
  'HOLDFAST_SMTP_FROM',
  // Whichever worker reads the feed of endings evaluates the alerts of the cluster.
  'HOLDFAST_ALERTS',
  'HOLDFAST_ALERT_CHECK_SECONDS',
  'HOLDFAST_ALERT_FOR_SECONDS',
  'HOLDFAST_ALERT_OBJECTIVE_PERCENT',
  'HOLDFAST_ALERT_FAILOVER_PERCENT',
  'HOLDFAST_ALERT_QUEUE_WAIT_SECONDS',
  'HOLDFAST_ALERT_RETENTION_PERCENT',
  'HOLDFAST_ALERT_MIN_CALLS',
  'HOLDFAST_WINDOW_MESSAGES',
  'HOLDFAST_WINDOW_BYTES',
] as const;

/** Settings that only facades use, so that workers need not have them. */
const ofFacades = [
  'HOLDFAST_MAX_PROMPT_BYTES',
  'HOLDFAST_MAX_BODY_BYTES',
  'HOLDFAST_MAX_IMPORT_BYTES',
  'HOLDFAST_MAX_METADATA_BYTES',
  'HOLDFAST_MAX_AGENTS',
  'HOLDFAST_MAX_KEYS',
  'HOLDFAST_MAX_WEBHOOKS',
  'HOLDFAST_HEARTBEAT_TIMEOUT_SECONDS',
  'HOLDFAST_CIRCUIT_BREAKER',
  'HOLDFAST_CIRCUIT_COOLDOWN_SECONDS',
  // A facade without an archive would delete the archive that another facade keeps in the payload store.
  'HOLDFAST_ARCHIVE',
  // A facade with fewer days would delete what the others keep.
  'HOLDFAST_FIGURES_DAYS',
  'HOLDFAST_ENDINGS_DAYS',
] as const;

type Value = string | number;
type Name = (typeof ofAllNodes | typeof ofFacades)[number];

/** Returns the shared settings that differ from their defaults, by name. */
export function sharedSettings(
  set: Readonly<Record<Name, Value>>,
  schemas: Readonly<Record<Name, z.ZodType<Value>>>,
): { readonly all: Record<string, Value>; readonly facades: Record<string, Value> } {
  const changed = (names: readonly Name[]): Record<string, Value> =>
    Object.fromEntries(
      names.filter((name) => set[name] !== schemas[name].parse(undefined)).map((name) => [name, set[name]]),
    );
  return { all: changed(ofAllNodes), facades: changed(ofFacades) };
}
