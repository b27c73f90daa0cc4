import { randomBytes } from 'node:crypto';
import { setTimeout as pass } from 'node:timers/promises';
import type { HttpAnswer, HttpClient, Json } from './http-client.ts';

/** A client that does not give up: it sends the call with the same key to one facade after the other until one has the answer. */
export async function insist(facades: readonly HttpClient[], body: Json): Promise<HttpAnswer> {
  const key = randomBytes(8).toString('hex');
  for (let tries = 0; ; tries++) {
    const http = facades[tries % facades.length];
    const answer = await http?.call(body, { 'Idempotency-Key': key }).catch(() => undefined);
    if (answer && answer.status !== 503 && answer.status !== 202) return answer;
    await pass(50); // Not to hammer a facade that starts.
  }
}
