/** Parses an export, `{"sessions": {id: session}}`, one session at a time, so that memory does not depend on its size. */
import { TokenParser, TokenType } from '@streamparser/json';
import type { Refusal } from '../../domain/failures.ts';
import type { FieldError } from '../../contract/problem.ts';
import { PlacedTokens } from '../agents/placed-tokens.ts';
import { invalidFields } from '../http/validate.ts';

/** One session of an export, as parsed JSON that is not validated yet. */
export interface FileSession {
  readonly id: string;
  readonly value: unknown;
  /** The first numbers in the session that JavaScript cannot represent exactly. Their fields are paths in the file. */
  readonly changedNumbers: readonly FieldError[];
}

/**
 * Yields the sessions of an export. Throws the refusal `validation_failed`, before the first session, if the JSON is not an
 * export. Throws other errors if the body is not JSON.
 */
export async function* sessionsOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<FileSession> {
  const found: FileSession[] = [];
  const parser = new TokenParser({ paths: ['$.sessions.*'], keepStack: false });
  const seen = { sessions: false };
  let before: TokenType | undefined;
  const tokens = new PlacedTokens((info, open) => {
    const [file] = open;
    const isSessions = open.length === 1 && file?.key === 'sessions' && before === TokenType.COLON;
    if ((!file || isSessions) && info.token !== TokenType.LEFT_BRACE) throw noExport();
    seen.sessions ||= isSessions;
    before = info.token;
    parser.write(info);
  });
  tokens.onEnd = () => {
    if (!parser.isEnded) parser.end();
  };
  parser.onEnd = () => {
    if (!tokens.isEnded) tokens.end();
  };
  parser.onValue = ({ key, value }) => {
    found.push({ id: String(key), value, changedNumbers: tokens.changed.splice(0) });
  };
  for await (const chunk of body) {
    tokens.write(chunk);
    yield* found.splice(0);
  }
  if (!tokens.isEnded) tokens.end();
  if (!seen.sessions) throw noExport();
}

function noExport(): Refusal {
  return invalidFields([
    { field: 'body', message: 'not an export of sessions: {"sessions": {id: session}}' },
  ]);
}
