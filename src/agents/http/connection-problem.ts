import { errors } from 'undici';

/** What an error of undici or of a socket means. */
export type ConnectionProblem =
  /** The other side violated HTTP. */
  | { readonly kind: 'protocol' }
  /** Not the other side's fault: invalid arguments of ours, our shutdown, a lack of file descriptors here. */
  | { readonly kind: 'own'; readonly code: string }
  /** `text` is e.g. "the connection was refused". */
  | { readonly kind: 'connection'; readonly code: string; readonly text: string };

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

/** Explains an error of a request. Undefined for an error without a code, which is a bug. */
export function connectionProblem(error: Error): ConnectionProblem | undefined {
  if (isProtocolError(error)) return { kind: 'protocol' };
  const code = codeOf(error);
  if (code === undefined) return undefined;
  if (ownFaults.has(code)) return { kind: 'own', code };
  return { kind: 'connection', code, text: explanations[code] ?? 'the connection failed' };
}

/**
 * Whether the other side violated HTTP. Undici marks some of these cases only by their messages, so its version is pinned and
 * each case has a test.
 */
function isProtocolError(error: Error): boolean {
  if (error instanceof errors.HTTPParserError) return !isTruncated(error);
  if (error instanceof errors.HeadersOverflowError) return true;
  // The other side sent a 100 or 101 that was not requested.
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
