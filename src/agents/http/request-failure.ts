import { connectionProblem } from './connection-problem.ts';
import { AddressRefusedError } from './guarded-lookup.ts';
import { AgentError } from '../transport.ts';

/**
 * Converts an error of a request to `url` to an `AgentError`. The original error never becomes its `cause`, because it may
 * hold the request's headers (I5). An error without a code is a bug and is returned unchanged.
 */
export function requestFailure(error: unknown, url: string): unknown {
  if (error instanceof AgentError || !(error instanceof Error)) return error;
  if (error instanceof AddressRefusedError)
    return new AgentError('connection', `Cannot reach ${url}: ${error.message}`);
  const problem = connectionProblem(error);
  switch (problem?.kind) {
    case undefined:
      return error;
    case 'protocol':
      return new AgentError('invalid_response', `${url} did not answer in proper HTTP/1.1`);
    case 'own':
      return new AgentError('internal', `Could not ask ${url}: ${problem.code}`);
    case 'connection':
      return new AgentError('connection', `Cannot reach ${url}: ${problem.text} (${problem.code})`);
  }
}
