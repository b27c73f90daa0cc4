import { member } from './member.ts';
import type { Redactor } from './redactor.ts';

const maxErrorTextLength = 500;

/**
 * `headline: what the agent said`, on one line, without control characters and without the token (I5), cut to 500
 * characters.
 */
export function errorText(headline: string, agentSaid: string, redactor: Redactor): string {
  // Cleaned between two redactions: neither an embedded control character nor collapsed spaces may hide the token.
  const excerpt = redactor.redact(oneLine(redactor.redact(agentSaid)));
  const text = excerpt === '' ? headline : `${headline}: ${excerpt}`;
  if (text.length <= maxErrorTextLength) return text;
  return `${text.slice(0, maxErrorTextLength - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}

function oneLine(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, '')
    .trim();
}

/** What an error body says, where people look first: `error`, `error.message`, `message`, `detail`; else all of it. */
export function agentsOwnError(text: string): string {
  try {
    return describeError(JSON.parse(text));
  } catch {
    return text;
  }
}

/** The readable part of an error value; its JSON if there is none. Never throws. */
export function describeError(value: unknown): string {
  for (const candidate of [member(value, 'error'), value]) {
    if (typeof candidate === 'string') return candidate;
    for (const name of ['message', 'detail']) {
      const said = member(candidate, name);
      if (typeof said === 'string' && said.trim() !== '') return said;
    }
  }
  try {
    return JSON.stringify(value);
  } catch {
    return ''; // Nested deeper than the stack.
  }
}
