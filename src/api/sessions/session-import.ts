/** Imports the sessions of an export, one after the other as they are read. */
import type { Readable } from 'node:stream';
import type { Request } from 'express';
import { contentOf } from '../../domain/content.ts';
import { jsonBytes, sizeAsJson } from '../../domain/json-bytes.ts';
import type { NewSessions } from '../../services/sessions/new-sessions.ts';
import type { ImportedSession } from '../../services/sessions/whole-session.ts';
import { Refusal } from '../../domain/failures.ts';
import { decodedBody } from '../http/decoded-body.ts';
import { sessionIn } from '../../domain/project.ts';
import { newId, noMemberName } from '../../contract/ids.ts';
import type { FieldError } from '../../contract/problem.ts';
import { importedSession, tooLargeSystem } from '../../contract/session-requests.ts';
import { issueErrors } from '../http/field-errors.ts';
import { oddMembers } from '../http/odd-members.ts';
import { sessionsOf, type FileSession } from './session-file.ts';
import { invalidFields } from '../http/validate.ts';

interface Report {
  imported: number;
  readonly skipped: string[];
  readonly invalid: { session_id: string; error: string }[];
}

interface Import {
  readonly sessions: Pick<NewSessions, 'import'>;
  readonly report: Report;
  readonly limits: ImportLimits;
}

interface ImportLimits {
  /** The project that the sessions are for. */
  readonly project: string;
  readonly maxBytes: number;
  readonly maxMetadataBytes: number;
  readonly maxSystemBytes: number;
}

/**
 * Imports the valid sessions and reports the invalid ones. Throws `Refusal` if the body is not an export or is too large, or if
 * a session's id differs from its key or the key is `__proto__`.
 */
export async function importSessions(
  request: Request,
  sessions: Pick<NewSessions, 'import'>,
  limits: ImportLimits,
): Promise<Report> {
  const body = decodedBody(request);
  const report: Report = { imported: 0, skipped: [], invalid: [] };
  try {
    for await (const one of sessionsOf(atMost(limits.maxBytes, body)))
      await importOne(one, { sessions, report, limits });
  } catch (error) {
    // The rest is read and discarded without decoding it: many clients read no answer before they have sent everything.
    request.unpipe();
    request.resume();
    const isBadlyCoded = body !== request && body.errored === error;
    const fault = isBadlyCoded
      ? 'The body is not what its Content-Encoding says'
      : 'The body is not an export: {"sessions": {id: session}}';
    const refusal = error instanceof Refusal ? error : new Refusal('invalid_json', fault, { cause: error });
    throw refusal.withExtra({ ...refusal.extra, ...report }); // What was imported so far stays, and is reported.
  }
  return report;
}

async function importOne(session: FileSession, { sessions, report, limits }: Import): Promise<void> {
  const content = toContent(session, limits);
  if (typeof content === 'string') report.invalid.push({ session_id: session.id, error: content });
  else if (await sessions.import(content).catch(rethrowAsOurs)) report.imported += 1;
  else report.skipped.push(session.id);
}

/**
 * Rethrows a refusal, and throws any other error as the refusal `internal`, so that it is not reported as an error in the JSON.
 */
function rethrowAsOurs(error: unknown): never {
  throw error instanceof Refusal
    ? error
    : new Refusal('internal', 'A session could not be stored', { cause: error });
}

/**
 * Returns the session, or its invalid fields. Throws `Refusal` if its id differs from its key, or if the key is `__proto__`.
 */
function toContent(
  { id, value, changedNumbers }: FileSession,
  { project, maxMetadataBytes, maxSystemBytes }: ImportLimits,
): ImportedSession | string {
  // Few programs read a member of this name as it was written, so the whole file is refused.
  if (id === '__proto__') throw invalidFields([{ field: 'sessions.__proto__', message: noMemberName }]);
  const named = newId.safeParse(id);
  if (!named.success) return `session_id: ${named.error.issues.map((issue) => issue.message).join('; ')}`;
  const inFile = `sessions.${id}.`.length;
  const odd = [
    ...oddMembers(value),
    ...changedNumbers.map(({ field, message }) => ({ field: field.slice(inFile), message })),
  ];
  if (odd.length > 0) return errorText(odd);
  const { metadata: given } = Object(value) as { metadata?: unknown };
  // Checked before its schema, which would take seconds for millions of members.
  if (given !== undefined && sizeAsJson(given) > maxMetadataBytes)
    return `metadata: at most ${maxMetadataBytes} bytes as JSON`;
  const parsed = importedSession.safeParse(value);
  if (!parsed.success) return errorText(issueErrors(parsed.error.issues, 'session'));
  const { session_id, user_id, created_at, last_activity, messages, metadata, system, window } = parsed.data;
  if (system != null && jsonBytes(system) > maxSystemBytes)
    return `system: ${tooLargeSystem(maxSystemBytes)}`;
  if (session_id !== undefined && session_id !== id)
    throw invalidFields([
      { field: `sessions.${id}.session_id`, message: `is '${session_id}', unlike the session's key '${id}'` },
    ]);
  return {
    sessionId: sessionIn(project, id),
    ...(user_id != null && { userId: user_id }),
    createdAt: utc(created_at),
    lastActivity: utc(last_activity),
    metadata,
    ...(system != null && { system }),
    ...(window && { window }),
    messages: messages.map(
      ({ timestamp, role, content, parts, agent, call_id, failed, superseded_by, lost }) => ({
        timestamp: utc(timestamp),
        role,
        content: parts ? contentOf(parts) : content,
        ...(agent != null && { agent }),
        ...(call_id != null && { callId: call_id }),
        ...(failed && { failed: true as const }),
        ...(failed && superseded_by !== undefined && { supersededBy: superseded_by }),
        ...(lost && { lost: true as const }),
      }),
    ),
  };
}

function utc(time: string): string {
  return new Date(time).toISOString();
}

function errorText(errors: readonly FieldError[]): string {
  return errors
    .slice(0, 5)
    .map(({ field, message }) => `${field}: ${message}`)
    .join('; ');
}

async function* atMost(maxBytes: number, body: Readable): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  // The socket is still needed for the answer.
  for await (const chunk of body.iterator({ destroyOnReturn: false })) {
    bytes += (chunk as Uint8Array).length;
    if (bytes > maxBytes)
      throw new Refusal('body_too_large', `At most ${maxBytes} bytes (HOLDFAST_MAX_IMPORT_BYTES)`);
    yield chunk as Uint8Array;
  }
}
