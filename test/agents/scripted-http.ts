import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';

export interface ScriptedRequest {
  /** 1 for the first request that this agent ever got, whatever became of it. */
  readonly attempt: number;
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** The parsed JSON body; the bare text where it is not JSON. */
  readonly body: unknown;
  /** The `Idempotency-Key`. */
  readonly callKey: string | undefined;
}

/** `body`: a string or a Buffer goes out as it is, anything else as JSON. `hang` never answers; `reset` destroys the socket. */
export type Reply =
  | {
      readonly status?: number;
      readonly headers?: Readonly<Record<string, string | readonly string[]>>;
      readonly body?: unknown;
    }
  | { readonly hang: true }
  | { readonly reset: true };

export type Script = (request: ScriptedRequest) => Reply | Promise<Reply>;

export async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

export function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

export function send(
  response: ServerResponse,
  reply: Exclude<Reply, { hang: true } | { reset: true }>,
): void {
  const { status = 200, headers = {}, body = '' } = reply;
  response.statusCode = status;
  response.setHeader('content-type', 'application/json');
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.end(typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body));
}
