/** Reads histories from text: one JSON document, or NDJSON with a history or `{call_id, history}` per line. */
import type { HistorySource } from './history-source.ts';
import { asError, printable } from './names.ts';

/** Yields the histories. If the first line alone is not JSON, the text is one document over several lines. */
export async function* historiesInText(
  name: string,
  content: AsyncIterable<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<HistorySource> {
  const lines = linesOf(content, maxBytes);
  let number = 0;
  for await (const line of lines) {
    number += 1;
    if (line instanceof Error) yield { name: `${name}:${number}`, history: line };
    else if (number === 1 && parsed(line) instanceof Error) {
      yield { name, history: parsed(await restOf(line, lines, maxBytes)) };
      return;
    } else if (line.trim() !== '') yield sourceOf(parsed(line), name, number);
  }
  if (number === 0) yield { name, history: new Error('The file is empty') };
}

function sourceOf(value: unknown, file: string, line: number): HistorySource {
  if (value instanceof Error) return { name: `${file}:${line}`, history: value };
  const { call_id: callId, history } = (value ?? {}) as { call_id?: unknown; history?: unknown };
  if (history === undefined) return { name: line === 1 ? file : `${file}:${line}`, history: value };
  return { name: typeof callId === 'string' ? printable(callId) : `${file}:${line}`, history };
}

async function restOf(
  first: string,
  lines: AsyncIterable<string | Error>,
  maxBytes: number,
): Promise<string> {
  const taken = [first];
  let size = first.length;
  for await (const line of lines) {
    if (line instanceof Error) throw line;
    size += line.length + 1;
    if (size > maxBytes) throw tooLarge(maxBytes);
    taken.push(line);
  }
  return taken.join('\n');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    // Without the excerpt of the text in the parser's message: it may be part of a prompt.
    return new Error(`It is not JSON: ${asError(error).message.replace(/, (\.\.\.)?"[^]*$/, '')}`);
  }
}

/** The JSON value, or an `Error` that says why it is not JSON. */
export function parsedBytes(bytes: Buffer): unknown {
  return parsed(bytes.toString('utf8'));
}

/** The error of a history above the limit of `SourceOptions.maxHistoryBytes`. */
export function tooLarge(maxBytes: number): Error {
  return new Error(`It is larger than ${maxBytes} bytes, the limit for a history`);
}

/** Yields the lines; for a line longer than `maxBytes` an `Error`. The last line needs no newline. */
async function* linesOf(
  content: AsyncIterable<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<string | Error> {
  let held: Uint8Array[] = [];
  let size = 0;
  const line = (): string | Error => {
    const whole = size > maxBytes ? tooLarge(maxBytes) : Buffer.concat(held).toString('utf8');
    held = [];
    size = 0;
    return whole;
  };
  const hold = (part: Uint8Array): void => {
    size += part.length;
    if (size > maxBytes) held = [];
    else held.push(part);
  };
  for await (const chunk of content) {
    let from = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      hold(chunk.subarray(from, end));
      yield line();
      from = end + 1;
    }
    hold(chunk.subarray(from));
  }
  if (size > 0) yield line();
}
