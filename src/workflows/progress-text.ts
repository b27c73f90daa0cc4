import type { Attempt } from '../domain/call.ts';

/**
 * Formats the call's progress in Markdown for the Temporal Web UI: the agents that were asked, and their outcomes. Contains no
 * content and no secrets (I5).
 */
export function describeProgress(
  progress: { readonly chain: readonly string[]; readonly attempts: readonly Attempt[] },
  asking?: string,
): string {
  const lines = progress.attempts.map((attempt) => `- ${describeAttempt(attempt)}`);
  if (asking !== undefined) lines.push(`- **${asking}**: being asked`);
  return [`Chain: ${progress.chain.join(' → ')}`, '', ...lines].join('\n');
}

function describeAttempt(attempt: Attempt): string {
  switch (attempt.status) {
    case 'ok':
      return `**${attempt.agent}**: answered, ${attempt.tries.length} tries, ${attempt.latencyMs} ms`;
    case 'failed':
      return `**${attempt.agent}**: failed with \`${attempt.errorType}\`, ${attempt.tries.length} tries, ${attempt.latencyMs} ms`;
    case 'skipped':
      return `**${attempt.agent}**: skipped: ${attempt.error}`;
  }
}
