import { errors } from 'undici';
import { connectionProblem } from '../agents/http/connection-problem.ts';
import { AddressRefusedError } from '../agents/http/guarded-lookup.ts';

const certificateProblems: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'it has expired',
  CERT_NOT_YET_VALID: 'it is not valid yet',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'it is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'its authority is unknown',
  UNABLE_TO_GET_ISSUER_CERT: 'its authority is unknown',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its authority is unknown',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its authority is unknown, or an intermediate certificate is missing',
  CERT_REVOKED: 'it was revoked',
  ERR_TLS_CERT_ALTNAME_INVALID: 'it is for another host',
};

/**
 * Returns a short text for an error of a request to a receiver. It holds neither the URL nor the address that a name resolved
 * to. Undefined if the receiver is not to blame: a bug, our shutdown, a lack of file descriptors.
 */
export function sendErrorText(error: unknown): string | undefined {
  if (error instanceof AddressRefusedError) return `the host's address is refused: it is ${error.kind}`;
  if (error instanceof errors.HeadersOverflowError) return 'the headers of the answer are too large';
  const problem = error instanceof Error ? connectionProblem(error) : undefined;
  switch (problem?.kind) {
    case 'protocol':
      return 'the answer is no proper HTTP/1.1';
    case 'connection':
      return connectionText(problem);
    case 'own':
    case undefined:
      return undefined;
  }
}

function connectionText({ code, text }: { readonly code: string; readonly text: string }): string {
  const certificate = certificateProblems[code];
  if (certificate !== undefined) return `the certificate is refused: ${certificate}`;
  return code.startsWith('ERR_SSL_') ? `the TLS handshake failed (${code})` : `${text} (${code})`;
}
