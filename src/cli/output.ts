/** The output of commands: tables and colour on a terminal, plain text in a pipe, JSON with --json. */
import Table from 'cli-table3';
import pc from 'picocolors';
import { sanitize, sanitizeLine } from './sanitize.ts';

export type Cell = string | number | null | undefined;
type Paint = (text: string) => string;
type Colors = ReturnType<typeof pc.createColors>;

/** Writes the result of a command to standard output. */
export class Output {
  readonly json: boolean;
  readonly isTty: boolean;
  readonly colors: Colors;

  constructor(json: boolean) {
    this.json = json;
    this.isTty = process.stdout.isTTY;
    this.colors = pc.createColors(this.isTty && wantsColor());
  }

  /** Writes one JSON document, indented. */
  document(value: unknown): void {
    this.write(JSON.stringify(value, undefined, 2));
  }

  /** Writes one line of NDJSON. */
  event(value: unknown): void {
    this.write(JSON.stringify(value));
  }

  /** Writes a line of trusted text. */
  line(text = ''): void {
    this.write(text);
  }

  /** Writes untrusted text, sanitized. The text may have several lines. */
  text(untrusted: string): void {
    this.write(sanitize(untrusted));
  }

  /** Writes a table. Cells are sanitized. `paint` has, by the head of a column, the function that colours its cells. */
  table(
    head: readonly string[],
    rows: readonly (readonly Cell[])[],
    paint: Record<string, Paint> = {},
  ): void {
    const sanitized = rows.map((row) => row.map((cell) => (cell == null ? '' : sanitizeLine(String(cell)))));
    if (!this.isTty) {
      for (const row of [head, ...sanitized]) this.write(row.join('\t'));
      return;
    }
    const table = new Table({
      head: head.map((name) => this.colors.bold(name)),
      style: { head: [], border: [], compact: true },
      wordWrap: true,
    });
    for (const row of sanitized)
      table.push(row.map((cell, column) => (paint[head[column] ?? ''] ?? ((text: string) => text))(cell)));
    this.write(table.toString());
  }

  /** Writes one line per name and value. Values are sanitized; null and undefined are left out. */
  fields(pairs: Readonly<Record<string, Cell>>): void {
    const shown = Object.entries(pairs).filter(([, value]) => value != null);
    const width = Math.max(...shown.map(([name]) => name.length));
    for (const [name, value] of shown)
      this.write(`${this.colors.dim(name.padEnd(width))}  ${sanitizeLine(String(value))}`);
  }

  /** Colours the state of a call, an agent, a batch, a webhook, a delivery, a verdict or a check. */
  state = (text: string): string => {
    const { green, red, yellow, cyan } = this.colors;
    if (/^(completed|healthy|ok|answered|closed|same|succeeded|active|delivered)\s*$/.test(text))
      return green(text);
    if (/^(failed|unhealthy|unreachable|fail|failing|open|non_deterministic|unreadable)\s*$/.test(text))
      return red(text);
    if (/^(running|pending|skip)\s*$/.test(text)) return cyan(text);
    return yellow(text);
  };

  private write(text: string): void {
    process.stdout.write(`${text}\n`);
  }
}

/** Writes a note for people to standard error, so that a pipe gets only the result. */
export function note(text: string): void {
  process.stderr.write(`${sanitize(text)}\n`);
}

/** Whether the environment allows colours (https://no-color.org). */
function wantsColor(): boolean {
  const { NO_COLOR, TERM } = process.env;
  return (NO_COLOR === undefined || NO_COLOR === '') && TERM !== 'dumb';
}
