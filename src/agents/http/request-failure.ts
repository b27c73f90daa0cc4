import { errors } from 'undici';
import { AddressRefusedError } from './guarded-lookup.ts';
import { AgentError } from '../transport.ts';

/** Error codes that are not the agent's fault: invalid arguments of ours, our shutdown, a lack of file descriptors here. */
const ownFaults = new Set([
  'UND_ERR_INVALID_ARG',
  'UND_ERR_DESTROYED',
  'UND_ERR_CLOSED',
  'UND_ERR_NOT_SUPPORTED',
  'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH',
  'EMFILE',
  'ENFILE',
]);

/** The meaning of error codes, for error texts. */
const explanations: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was reset',
  EPIPE: 'the connection was closed',
  ENOTFOUND: 'the host name does not resolve',
  EAI_AGAIN: 'the host name does not resolve at the moment',
  EHOSTUNREACH: 'there is no route to the host',
  ENETUNREACH: 'there is no route to the network',
  UND_ERR_CONNECT_TIMEOUT: 'no connection in time',
  UND_ERR_SOCKET: 'the connection was closed before the answer was complete',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'the connection was closed before the answer was complete',
  EPROTO: 'the TLS handshake failed',
};

/**
 * Converts an error of a request to `url` to an `AgentError`. The original error never becomes its `cause`, because it may
 * hold the request's headers (I5). An error without a code is a bug and is returned unchanged.
 */
export function requestFailure(error: unknown, url: string): unknown {
  if (error instanceof AgentError || !(error instanceof Error)) return error;
  if (error instanceof AddressRefusedError)
    return new AgentError('connection', `Cannot reach ${url}: ${error.message}`);
  if (isProtocolError(error))
    return new AgentError('invalid_response', `${url} did not answer in proper HTTP/1.1`);
  const code = codeOf(error);
  if (code === undefined) return error;
  if (ownFaults.has(code)) return new AgentError('internal', `Could not ask ${url}: ${code}`);
  const explanation = explanations[code] ?? 'the connection failed';
  return new AgentError('connection', `Cannot reach ${url}: ${explanation} (${code})`);
}

/**
 * Whether the agent violated HTTP. Undici marks some of these cases only by their messages, so its version is pinned and each
 * case has a test.
 */
function isProtocolError(error: Error): boolean {
  if (error instanceof errors.HTTPParserError) return !isTruncated(error);
  if (error instanceof errors.HeadersOverflowError) return true;
  // The agent sent a 100 or 101 that was not requested.
  return error instanceof errors.SocketError && ['bad response', 'bad upgrade'].includes(error.message);
}

/** Whether the connection ended within an answer that had neither a length nor keep-alive. */
function isTruncated(error: Error): boolean {
  return error.message.includes('Invalid EOF state');
}

function codeOf(error: Error): string | undefined {
  if (error instanceof errors.HTTPParserError) return 'UND_ERR_SOCKET';
  const { code } = error as NodeJS.ErrnoException;
  return typeof code === 'string' ? code : undefined;
}
