import { sessionForAgents } from '../../../domain/project.ts';
import { AgentError, type AgentQuestion } from '../../transport.ts';
import type { EncodedQuestion } from '../wire-format.ts';

const defaultPath = '/v1/messages';

/**
 * Makes the request for a question: the body is `{model, messages: [{role, content}], session_id?}`, the token goes to
 * `Authorization: Bearer`. Throws `AgentError` of type `auth` if the token has characters that no header can carry.
 */
export function encode(question: AgentQuestion): EncodedQuestion {
  const { agent, messages, sessionId } = question;
  return {
    path: agent.path || defaultPath,
    headers: headersOf(question),
    body: JSON.stringify({
      model: agent.name,
      messages: messages.map(({ role, content }) => ({ role, content })),
      ...(sessionId !== undefined && { session_id: sessionForAgents(sessionId) }),
    }),
  };
}

function headersOf({ token, idempotencyKey }: AgentQuestion): Record<string, string> {
  if (token && !/^[\t\x20-\x7e\x80-\xff]+$/.test(token))
    throw new AgentError(
      'auth',
      "The agent's token has characters that no HTTP header can carry; register the agent with another token",
    );
  return {
    accept: 'application/json',
    'content-type': 'application/json',
    'idempotency-key': idempotencyKey,
    ...(token && { authorization: `Bearer ${token}` }),
  };
}
