/**
 * Settings that an earlier version had, each with the reason why it was removed. A node that finds one in its environment logs
 * a warning and starts, because an upgrade must not stop it. To remove a setting, move its name from config.ts to this table.
 */
export const removedSettings = {
  HOLDFAST_REPEAT_CACHE_BYTES:
    'Endings of calls are no longer kept in memory: a repeat with an Idempotency-Key always asks Temporal.',
  HOLDFAST_REPEAT_CACHE_SECONDS:
    'Endings of calls are no longer kept in memory: a repeat with an Idempotency-Key always asks Temporal.',
} as const satisfies Readonly<Record<string, string>>;

/**
 * Returns a sentence for each removed setting that `environment` still has. A blank value counts as unset, as for all settings.
 */
export function warningsOfRemoved(environment: Readonly<Record<string, string | undefined>>): string[] {
  return Object.entries(removedSettings)
    .filter(([name]) => environment[name]?.trim())
    .map(([name, reason]) => `${name} was removed and has no effect; unset it. ${reason}`);
}
