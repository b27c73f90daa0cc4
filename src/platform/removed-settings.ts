/**
 * Settings that an earlier version had, each with the reason why it is gone. A node that finds one in its environment
 * warns and starts, because an upgrade must not stop it. To remove a setting, move its name from config.ts to here.
 */
export const removedSettings = {
  HOLDFAST_REPEAT_CACHE_BYTES:
    'Endings of calls are no longer kept in memory: a repeat with an Idempotency-Key always asks Temporal.',
  HOLDFAST_REPEAT_CACHE_SECONDS:
    'Endings of calls are no longer kept in memory: a repeat with an Idempotency-Key always asks Temporal.',
} as const satisfies Readonly<Record<string, string>>;

/** A sentence for each removed setting that `environment` has. A blank value counts as unset, as for all settings. */
export function warningsOfRemoved(environment: Readonly<Record<string, string | undefined>>): string[] {
  return Object.entries(removedSettings)
    .filter(([name]) => environment[name]?.trim())
    .map(([name, reason]) => `${name} was removed and has no effect; unset it. ${reason}`);
}
