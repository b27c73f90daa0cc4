/** Reads an export as a stream, one session at a time, so that its size does not matter to memory. */
import { Transform, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { JSONParser } from '@streamparser/json-node';
import { sizeAsJson } from '../domain/json-bytes.ts';
import type { Sessions } from '../client/sessions.ts';
import type { ImportedSession } from '../client/whole-session.ts';
import { Refusal } from '../domain/failures.ts';
import { id, importedSession } from './schemas.ts';

interface Report {
  imported: number;
  readonly skipped: string[];
  readonly invalid: { session_id: string; error: string }[];
}

interface ParsedMember {
  readonly key?: string | number;
  readonly value?: unknown;
}

interface Import {
  readonly sessions: Pick<Sessions, 'import'>;
  readonly report: Report;
  readonly limits: ImportLimits;
}

interface ImportLimits {
  readonly maxBytes: number;
  readonly maxMetadataBytes: number;
}

/** Invalid sessions are reported and the others imported. Throws `Refusal` on broken JSON or too many bytes. */
export async function importSessions(
  body: Readable,
  sessions: Pick<Sessions, 'import'>,
  limits: ImportLimits,
): Promise<Report> {
  const report: Report = { imported: 0, skipped: [], invalid: [] };
  let underWay = Promise.resolve();
  const parser = new JSONParser({ paths: ['$.sessions.*'], keepStack: false });
  try {
    await pipeline(body, atMost(limits.maxBytes), parser, async (members: AsyncIterable<ParsedMember>) => {
      for await (const { key, value } of members) {
        underWay = importOne(String(key), value, { sessions, report, limits }).catch(rethrowAsOurs);
        await underWay;
      }
    });
  } catch (error) {
    await underWay.catch(() => undefined); // The one that is just being stored is told too.
    const refusal =
      error instanceof Refusal
        ? error
        : new Refusal('invalid_json', 'The body is not an export: {"sessions": {id: session}}', {
            cause: error,
          });
    throw refusal.withExtra({ ...report }); // What was imported before the refusal stays imported, and is told.
  }
  return report;
}

async function importOne(
  sessionId: string,
  value: unknown,
  { sessions, report, limits }: Import,
): Promise<void> {
  const content = toContent(sessionId, value, limits.maxMetadataBytes);
  if (typeof content === 'string') report.invalid.push({ session_id: sessionId, error: content });
  else if (await sessions.import(content)) report.imported += 1;
  else report.skipped.push(sessionId);
}

/** Not the JSON's fault. */
function rethrowAsOurs(error: unknown): never {
  throw error instanceof Refusal
    ? error
    : new Refusal('internal', 'A session could not be stored', { cause: error });
}

/** The session, or what is wrong with it. */
function toContent(sessionId: string, value: unknown, maxMetadataBytes: number): ImportedSession | string {
  if (!id.safeParse(sessionId).success) return 'session_id: 1 to 128 printable characters';
  const parsed = importedSession.safeParse(value);
  if (!parsed.success)
    return parsed.error.issues
      .map((issue) => `${issue.path.join('.') || 'session'}: ${issue.message}`)
      .slice(0, 5)
      .join('; ');
  const { user_id, created_at, last_activity, messages, metadata } = parsed.data;
  if (sizeAsJson(metadata) > maxMetadataBytes) return `metadata: at most ${maxMetadataBytes} bytes as JSON`;
  return {
    sessionId,
    ...(user_id != null && { userId: user_id }),
    createdAt: utc(created_at),
    lastActivity: utc(last_activity),
    metadata,
    messages: messages.map(({ timestamp, role, content, agent, call_id, failed, lost }) => ({
      timestamp: utc(timestamp),
      role,
      content,
      ...(agent != null && { agent }),
      ...(call_id != null && { callId: call_id }),
      ...(failed && { failed: true as const }),
      ...(lost && { lost: true as const }),
    })),
  };
}

function utc(time: string): string {
  return new Date(time).toISOString();
}

function atMost(maxBytes: number): Transform {
  let bytes = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes > maxBytes)
        done(new Refusal('body_too_large', `At most ${maxBytes} bytes (HOLDFAST_MAX_IMPORT_BYTES)`));
      else done(null, chunk);
    },
  });
}
