import { base64Cores, type Base64Core } from './base64-cores.ts';
import { asItIs, unescaped, type TextView } from './text-view.ts';

export const redacted = '[redacted]';

/** Takes an agent's token out of what the agent said (I5). */
export interface Redactor {
  redact(text: string): string;
  /** No spelling that `redact` knows is longer, in characters; 0 without a token. */
  readonly longestSpelling: number;
}

/** Each alone, too: a token may itself hold what looks like an escape of the other kind. */
const escapes = ['percent and backslash', 'percent', 'backslash'] as const;

export const noRedaction: Redactor = { redact: (text) => text, longestSpelling: 0 };

/** Of an agent that has a token which is not opened here: nothing that it says is told. */
export const withholdAll: Redactor = { redact: () => '', longestSpelling: 0 };

/**
 * Knows the token as it is, with any of its characters percent-encoded or escaped as in JSON, and in Base64 (also
 * base64url, and inside a longer encoded text such as `Bearer <token>`). Its work is linear in the text.
 */
export function createRedactor(token: string | undefined): Redactor {
  if (!token) return noRedaction;
  // A header carries Latin-1; whoever echoes it may have read the bytes as either.
  const forms = [...new Set([token, Buffer.from(token).toString('latin1')])];
  const cores = forms.flatMap((form) => base64Cores(Buffer.from(form, 'latin1')));
  return {
    redact: (text) => {
      const views = /[%\\]/.test(text)
        ? [asItIs(text), ...escapes.map((one) => unescaped(text, one))]
        : [asItIs(text)];
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
