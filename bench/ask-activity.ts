import { request } from 'undici';

export interface AskActivity {
  ask(agentUrl: string): Promise<string>;
}

const question = JSON.stringify({ model: 'quick', messages: [{ role: 'user', content: 'hello' }] });

/** Asks the agent with the same HTTP client and request as the product, and does nothing else. */
export async function ask(agentUrl: string): Promise<string> {
  const { body } = await request(agentUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: question,
  });
  return ((await body.json()) as { content: string }).content;
}
