/** What the benchmark asks over HTTP. Every answer is read to its end; another status than 2xx is an error. */
import { request } from 'undici';

export async function post(
  url: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<unknown> {
  const answer = await request(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  if (answer.statusCode >= 300) throw new Error(`${url}: ${answer.statusCode} ${await answer.body.text()}`);
  return answer.body.json();
}

export async function get(url: string): Promise<string> {
  const { statusCode, body } = await request(url);
  const text = await body.text();
  if (statusCode !== 200) throw new Error(`${url}: ${statusCode} ${text}`);
  return text;
}

/** A call that must succeed. */
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
