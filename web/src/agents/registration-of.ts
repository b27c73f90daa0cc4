import type { AgentRegistration } from '../../../src/contract/agent-requests.ts';
import type { Agent } from '../../../src/contract/agents.ts';
import { Problem } from '../http.ts';
import { formText } from '../ui/form-text.ts';

/**
 * Converts the values of the form to a registration. It contains the whole configuration, because the API replaces the old one
 * as a whole. An edited agent keeps its token unless the form sets another or removes it. Throws `Problem` if the expectation
 * is not JSON.
 */
export function registrationOf(values: FormData, edited: Agent | undefined): AgentRegistration {
  const text = (name: string): string => formText(values, name);
  const token = text('auth_token');
  const keeps = edited?.has_auth_token === true && token === '' && values.get('no_token') !== 'on';
  return {
    name: edited?.name ?? text('name'),
    ...(text('project') !== '' && { project: text('project') }),
    host: text('host'),
    port: Number(text('port')),
    protocol: text('protocol') as Agent['protocol'],
    path: text('path'),
    timeout_seconds: Number(text('timeout_seconds')),
    max_retries: Number(text('max_retries')),
    history: text('history') as Agent['history'],
    fallback_agents: text('fallback_agents')
      .split(/\s*\n\s*/)
      .filter(Boolean),
    ...(text('max_concurrency') !== '' && { max_concurrency: Number(text('max_concurrency')) }),
    ...(text('expect') !== '' && { expect: parsedExpectation(text('expect')) }),
    ...(text('health_path') !== '' && { health_path: text('health_path') }),
    ...(token !== '' && { auth_token: token }),
    ...(keeps && { keep_auth_token: true }),
  };
}

function parsedExpectation(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new Problem('Nothing was sent', 'The expectation is not JSON', [
      { field: 'expect', message: 'takes JSON, e.g. {"min_length": 10}' },
    ]);
  }
}
