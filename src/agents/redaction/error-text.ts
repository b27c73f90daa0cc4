import { member } from '../member.ts';
import type { Redactor } from './redactor.ts';

const maxErrorTextLength = 500;

/**
 * Makes an error text of the form `headline: what the agent said`: one line without control characters and without the token
 * (I5), cut to 500 characters.
 */
export function errorText(headline: string, agentSaid: string, redactor: Redactor): string {
  const excerpt = cleaned(agentSaid, redactor);
  return cutErrorText(excerpt === '' ? headline : `${headline}: ${excerpt}`);
}

/** Returns the beginning of what an agent said: one line without control characters and without the token (I5). */
export function excerptOf(agentSaid: string, redactor: Redactor, maxLength: number): string {
  return cut(cleaned(agentSaid, redactor), maxLength);
}

/** Redacted before and after cleaning: control characters or white space within the token must not hide it. */
function cleaned(agentSaid: string, redactor: Redactor): string {
  return redactor.redact(oneLine(beginning(agentSaid, redactor)));
}

/** Cuts a text to the 500 characters that an error may have. It does not redact the text, which must contain no secret. */
export function cutErrorText(text: string): string {
  return cut(text, maxErrorTextLength);
}

function cut(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text;
  return `${text.slice(0, maxLength - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}

/**
 * Only this many characters are redacted and cleaned, because an answer may have megabytes and the error text needs only its
 * beginning.
 */
const maxSaidLength = 16_384;

function beginning(said: string, redactor: Redactor): string {
  if (said.length <= maxSaidLength) return redactor.redact(said);
  return redactCut(said.slice(0, maxSaidLength), redactor);
}

/**
 * Redacts a text that was cut, and drops its end, which could be the beginning of a token and could not be recognised as such.
 */
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

/** Returns the message of an error body: `error`, `error.message`, `message` or `detail`; otherwise the whole body. */
export function agentsOwnError(text: string): string {
  try {
    return describeError(JSON.parse(text));
  } catch {
    return text;
  }
}

/** Returns the readable part of an error value, or its JSON if it has no such part. Never throws. */
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
    return ''; // Nested so deeply that the stack overflowed.
  }
}
