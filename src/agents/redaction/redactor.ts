import { base64Cores, type Base64Core } from './base64-cores.ts';
import { unescaped, verbatim, type TextView } from './text-view.ts';

export const redacted = '[redacted]';

/** Replaces an agent's token in texts of that agent by `[redacted]` (I5). */
export interface Redactor {
  redact(text: string): string;
  /** The length, in characters, of the longest spelling that `redact` recognises. 0 without a token. */
  readonly longestSpelling: number;
}

/**
 * The combinations of escapes to resolve: both kinds together and each alone, because a token may itself contain what looks
 * like an escape of the other kind.
 */
const escapes = ['percent and backslash', 'percent', 'backslash'] as const;

/** The redactor for agents without a token: it changes nothing. */
export const noRedaction: Redactor = { redact: (text) => text, longestSpelling: 0 };

/**
 * The redactor for agents whose token is not decrypted, so that it cannot be searched for: it replaces every text by an empty
 * one.
 */
export const withholdAll: Redactor = { redact: () => '', longestSpelling: 0 };

/**
 * Makes a redactor that recognises the token verbatim, with any of its characters percent-encoded or escaped as in JSON, and in
 * Base64 (also base64url, and within a longer encoded text such as `Bearer <token>`). It takes time linear in the text.
 */
export function createRedactor(token: string | undefined): Redactor {
  if (!token) return noRedaction;
  // The token itself, and its UTF-8 bytes as Latin-1: an agent that echoes it may use either encoding.
  const forms = [...new Set([token, Buffer.from(token).toString('latin1')])];
  const cores = forms.flatMap((form) => base64Cores(Buffer.from(form, 'latin1')));
  return {
    redact: (text) => {
      const views = /[%\\]/.test(text)
        ? [verbatim(text), ...escapes.map((one) => unescaped(text, one))]
        : [verbatim(text)];
      return cut(
        text,
        views.flatMap((view) => rangesIn(view, forms, cores)),
      );
    },
    longestSpelling: Buffer.byteLength(token) * '\\u0000'.length,
  };
}

type Range = readonly [start: number, end: number];

function rangesIn(view: TextView, forms: readonly string[], cores: readonly Base64Core[]): Range[] {
  const { text, sourceIndex } = view;
  const standard = text.replaceAll('-', '+').replaceAll('_', '/');
  const found = [
    ...forms.flatMap((form) => occurrences(text, form)),
    ...cores.flatMap((core) =>
      occurrences(standard, core.digits).map(([start, end]): Range => [start, core.endOf(standard, end)]),
    ),
  ];
  return found.map(([start, end]) => [sourceIndex(start), sourceIndex(end)]);
}

function occurrences(text: string, wanted: string): Range[] {
  const ranges: Range[] = [];
  for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + wanted.length))
    ranges.push([at, at + wanted.length]);
  return ranges;
}

/** Replaces the ranges, which may overlap, by `[redacted]`. */
function cut(text: string, ranges: Range[]): string {
  let kept = '';
  let done = 0;
  for (const [start, end] of ranges.sort(([a], [b]) => a - b)) {
    if (end <= done) continue;
    if (start >= done) kept += text.slice(done, start) + redacted;
    done = end;
  }
  return kept + text.slice(done);
}
