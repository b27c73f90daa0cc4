/** Where commands write: people get tables and colour on a terminal, pipes get plain text, --json gets JSON. */
import Table from 'cli-table3';
import pc from 'picocolors';
import { sanitize, sanitizeLine } from './sanitize.ts';

export type Cell = string | number | null | undefined;
type Paint = (text: string) => string;
type Colors = ReturnType<typeof pc.createColors>;

export class Output {
  readonly json: boolean;
  readonly isTty: boolean;
  readonly colors: Colors;

  constructor(json: boolean) {
    this.json = json;
    this.isTty = process.stdout.isTTY;
    this.colors = pc.createColors(this.isTty && wantsColor());
  }

  /** One document. */
  document(value: unknown): void {
    this.write(JSON.stringify(value, undefined, 2));
  }

  /** One line of a stream of JSON. */
  event(value: unknown): void {
    this.write(JSON.stringify(value));
  }

  line(text = ''): void {
    this.write(text);
  }

  /** Foreign text of many lines, made harmless. */
  text(foreign: string): void {
    this.write(sanitize(foreign));
  }

  /** Cells may be foreign. `paint` colours a column by its head; it is given harmless text. */
  table(
    head: readonly string[],
    rows: readonly (readonly Cell[])[],
    paint: Record<string, Paint> = {},
  ): void {
    const harmless = rows.map((row) => row.map((cell) => (cell == null ? '' : sanitizeLine(String(cell)))));
    if (!this.isTty) {
      for (const row of [head, ...harmless]) this.write(row.join('\t'));
      return;
    }
    const table = new Table({
      head: head.map((name) => this.colors.bold(name)),
      style: { head: [], border: [], compact: true },
      wordWrap: true,
    });
    for (const row of harmless)
      table.push(row.map((cell, column) => (paint[head[column] ?? ''] ?? ((text: string) => text))(cell)));
    this.write(table.toString());
  }

  /** Names and values below each other; values may be foreign; null and undefined are left out. */
  fields(pairs: Readonly<Record<string, Cell>>): void {
    const shown = Object.entries(pairs).filter(([, value]) => value != null);
    const width = Math.max(...shown.map(([name]) => name.length));
    for (const [name, value] of shown)
      this.write(`${this.colors.dim(name.padEnd(width))}  ${sanitizeLine(String(value))}`);
  }

  /** The colour of a state: of a call, an agent, a check. */
  state = (text: string): string => {
    const { green, red, yellow, cyan } = this.colors;
    if (/^(completed|healthy|ok|answered|closed|same|succeeded)\s*$/.test(text)) return green(text);
    if (/^(failed|unhealthy|unreachable|fail|open|non_deterministic|unreadable)\s*$/.test(text))
      return red(text);
    if (/^(running|pending|skip)\s*$/.test(text)) return cyan(text);
    return yellow(text);
  };

  private write(text: string): void {
    process.stdout.write(`${text}\n`);
  }
}

/** For people, beside the result: on standard error, so that pipes get the result alone. */
export function note(text: string): void {
  process.stderr.write(`${sanitize(text)}\n`);
}

/** https://no-color.org */
function wantsColor(): boolean {
  const { NO_COLOR, TERM } = process.env;
  return (NO_COLOR === undefined || NO_COLOR === '') && TERM !== 'dumb';
}
