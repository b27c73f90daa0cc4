import { member } from '../member.ts';
import type { Redactor } from './redactor.ts';

const maxErrorTextLength = 500;

/**
 * `headline: what the agent said`, on one line, without control characters and without the token (I5), cut to 500
 * characters.
 */
export function errorText(headline: string, agentSaid: string, redactor: Redactor): string {
  // Cleaned between two redactions: neither an embedded control character nor collapsed spaces may hide the token.
  const excerpt = redactor.redact(oneLine(beginning(agentSaid, redactor)));
  return cutErrorText(excerpt === '' ? headline : `${headline}: ${excerpt}`);
}

/** Of a text that holds no secret: as much as an error may have of it. */
export function cutErrorText(text: string): string {
  if (text.length <= maxErrorTextLength) return text;
  return `${text.slice(0, maxErrorTextLength - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}

/** Enough for the text; the rest of an answer of megabytes is not worth the time. */
const maxSaidLength = 16_384;

function beginning(said: string, redactor: Redactor): string {
  if (said.length <= maxSaidLength) return redactor.redact(said);
  return redactCut(said.slice(0, maxSaidLength), redactor);
}

/** Of a text that was cut: its end could be the beginning of the token, which nobody would recognise. */
export function redactCut(text: string, redactor: Redactor): string {
  const clean = redactor.redact(text);
  return clean.slice(0, Math.max(0, clean.length - redactor.longestSpelling));
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
