/** Sample data for the desk: agents in every state, calls with every outcome, a conversation, a running call. */
import type { Script, ScriptedAgent } from '../agents/scripted-agent.ts';
import type { HttpClient, Json } from '../rig/http-client.ts';

export interface Stage {
  readonly http: HttpClient;
  agent(name: string, script: Script, registration?: Json): Promise<ScriptedAgent>;
}

export interface Scene {
  /** Failed twice, then failed over and was answered. */
  readonly failedOver: string;
  /** Both agents failed; the session is `order-1042`. */
  readonly failed: string;
  readonly running: string;
  readonly session: string;
}

const session = 'order-1042';
const questions = [
  'Where is my order 1042? It was promised for Tuesday.',
  'Can you send it to my office instead?',
  'And what would express delivery cost?',
];
const replies = [
  'Your order left the warehouse this morning and is due tomorrow between 10:00 and 14:00.',
  'Done: it now goes to 12 Harbour Street. The courier will call before noon.',
  'Express delivery is 6.90. Shall I book it?',
];

/** An agent whose latency differs from call to call, like a model's. */
const paced = (texts: readonly string[]): Script => {
  let asked = 0;
  return async () => {
    const turn = asked++;
    await new Promise((resolve) => setTimeout(resolve, 20 + ((turn * 37) % 90)));
    return { body: { content: texts[turn % texts.length] ?? '' } };
  };
};

export async function setScene(stage: Stage): Promise<Scene> {
  const { http } = stage;
  await stage.agent('support', paced(replies), { max_retries: 1, health_path: '/health' });
  await stage.agent(
    'planner',
    ({ method }) =>
      method === 'GET' ? { status: 200 } : { status: 503, body: { error: 'model is loading' } },
    { max_retries: 2, fallback_agents: ['support'] },
  );
  await stage.agent('archive', () => ({ status: 401, body: { error: 'token expired' } }), { max_retries: 0 });
  await stage.agent('research', () => ({ hang: true }), { timeout_seconds: 120, max_retries: 0 });
  await http.register('legacy-crm', 9, { max_retries: 0, fallback_agents: ['archive'] });

  const call = async (body: Json): Promise<string> => String((await http.call(body)).body.call_id);
  for (const prompt of questions)
    await call({ agent_name: 'support', prompt, session_id: session, user_id: 'anna@example.com' });
  for (let index = 0; index < 12; index++)
    await call({
      agent_name: 'support',
      prompt: `Summarise ticket ${5_000 + index}`,
      user_id: 'batch-import',
    });
  const failed = await call({
    agent_name: 'legacy-crm',
    prompt: 'Read the last invoice of customer 77.',
    session_id: session,
    user_id: 'anna@example.com',
    metadata: { channel: 'web', ticket: 5_042 },
  });
  for (let index = 0; index < 4; index++)
    await call({ agent_name: index % 2 ? 'archive' : 'legacy-crm', prompt: `Look up customer ${index}` });
  const failedOver = await call({
    agent_name: 'planner',
    prompt: 'Plan the delivery round of tomorrow.',
    user_id: 'dispatch',
  });
  const answer = await http.call(
    { agent_name: 'research', prompt: 'Compare our couriers.', user_id: 'dispatch' },
    { Prefer: 'respond-async' },
  );
  return { failedOver, failed, running: String(answer.body.call_id), session };
}
