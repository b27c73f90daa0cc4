import type { ApiDependencies } from '../http/dependencies.ts';

/** Returns the largest system prompt of a session, as JSON in UTF-8: it is bounded like a prompt, and must fit into a window. */
export function maxSystemBytes({ limits, session }: ApiDependencies['config']): number {
  return Math.min(limits.maxPromptBytes, session.windowBytes);
}
