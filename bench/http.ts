/** The HTTP requests of the benchmark. Every answer is read completely; a status other than 2xx is an error. */
import { setTimeout as pass } from 'node:timers/promises';
import { request } from 'undici';

class UnexpectedStatus extends Error {
  readonly status: number;

  constructor(url: string, status: number, text: string) {
    super(`${url}: ${status} ${text}`);
    this.status = status;
  }
}

export type Headers = Readonly<Record<string, string>>;

export function post(url: string, body: unknown, headers: Headers = {}): Promise<unknown> {
  return send('POST', url, body, headers);
}

export function patch(url: string, body: unknown, headers: Headers = {}): Promise<unknown> {
  return send('PATCH', url, body, headers);
}

async function send(
  method: 'POST' | 'PATCH',
  url: string,
  body: unknown,
  headers: Headers,
): Promise<unknown> {
  const answer = await request(url, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  if (answer.statusCode >= 300) throw new UnexpectedStatus(url, answer.statusCode, await answer.body.text());
  return answer.body.json();
}

export async function get(url: string): Promise<string> {
  const { statusCode, body } = await request(url);
  const text = await body.text();
  if (statusCode !== 200) throw new UnexpectedStatus(url, statusCode, text);
  return text;
}

/** Sends a call and waits for its answer. Throws if the call fails. */
export async function call(
  url: string,
  body: { agent_name: string; session_id?: string },
  headers?: Record<string, string>,
): Promise<{ call_id: string }> {
  const answer = (await post(`${url}/api/vps/call`, { prompt: 'hello', ...body }, headers)) as {
    call_id: string;
    success: boolean;
    error: string | null;
  };
  if (!answer.success) throw new Error(`The call of ${body.agent_name} failed: ${answer.error ?? ''}`);
  return answer;
}

const retries = { times: 10, pauseMs: 2_000 };

/** Sends a request and repeats it while it is refused with 503, as clients do. Only for requests that are not measured. */
export async function retryWhileUnavailable<T>(ask: () => Promise<T>): Promise<T> {
  for (let left = retries.times; ; left--)
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof UnexpectedStatus) || error.status !== 503 || left === 0) throw error;
      await pass(retries.pauseMs);
    }
}
