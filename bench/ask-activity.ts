import { request } from 'undici';

export interface AskActivity {
  ask(agentUrl: string): Promise<string>;
}

const question = JSON.stringify({ model: 'quick', messages: [{ role: 'user', content: 'hello' }] });

/** The same HTTP client and question as the product's, and nothing else. */
export async function ask(agentUrl: string): Promise<string> {
  const { body } = await request(agentUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: question,
  });
  return ((await body.json()) as { content: string }).content;
}
