import { errors } from 'undici';
import { AddressRefusedError } from './guarded-lookup.ts';
import { AgentError } from '../transport.ts';

/** Codes that say nothing of the agent: our arguments, our shutdown, our file descriptors. */
const ownFaults = new Set([
  'UND_ERR_INVALID_ARG',
  'UND_ERR_DESTROYED',
  'UND_ERR_CLOSED',
  'UND_ERR_NOT_SUPPORTED',
  'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH',
  'EMFILE',
  'ENFILE',
]);

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
 * What went wrong on the way to `url` or back. The error itself never becomes the cause: it may hold the request's
 * headers (I5). An error without a code is a bug and comes back as it is.
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

/** The messages are undici's only marks of these cases; the version is pinned and each case has a test. */
function isProtocolError(error: Error): boolean {
  if (error instanceof errors.HTTPParserError) return !isCutOff(error);
  if (error instanceof errors.HeadersOverflowError) return true;
  // An unasked 100 or 101.
  return error instanceof errors.SocketError && ['bad response', 'bad upgrade'].includes(error.message);
}

/** The connection ended inside of an answer that announced neither length nor keep-alive. */
function isCutOff(error: Error): boolean {
  return error.message.includes('Invalid EOF state');
}

function codeOf(error: Error): string | undefined {
  if (error instanceof errors.HTTPParserError) return 'UND_ERR_SOCKET';
  const { code } = error as NodeJS.ErrnoException;
  return typeof code === 'string' ? code : undefined;
}
