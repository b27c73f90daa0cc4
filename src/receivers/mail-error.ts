/** What an error of nodemailer means, without anything that the server wrote. */
import { sendErrorText } from './send-error.ts';

interface MailError extends Error {
  readonly code?: string;
  /** Of the error of the socket or of TLS that is behind it. */
  readonly originalCode?: string;
  /** The reply code of the server. */
  readonly responseCode?: number;
}

const texts: Readonly<Record<string, string>> = {
  EAUTH: 'it refuses the user or the password of HOLDFAST_SMTP_URL',
  EENVELOPE: 'it refuses the sender, or every address',
  EMESSAGE: 'it refuses the mail',
  EPROTOCOL: 'its answer is no proper SMTP',
  ETLS: 'it offers no TLS, or the handshake failed',
  EDNS: 'its name does not resolve',
  ECONNECTION: 'it closed the connection',
  ESOCKET: 'the connection failed',
  ETIMEDOUT: 'it does not answer',
};

/** Returns a short text and the reply code, if there was one. Undefined for an error that is a bug. */
export function mailErrorText(
  error: unknown,
): { readonly error: string; readonly status?: number } | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code = '', originalCode, responseCode: status } = error as MailError;
  const text = texts[code];
  if (text === undefined) return undefined;
  if (status !== undefined) return { error: `mail server: SMTP ${status}: ${text}`, status };
  const cause =
    originalCode === undefined ? undefined : Object.assign(new Error(code), { code: originalCode });
  return { error: `mail server: ${sendErrorText(cause) ?? text}` };
}

/** The code of a reply such as `250 2.0.0 Ok: queued`. */
export const replyCodeOf = (reply: string): number => Number.parseInt(reply, 10) || 250;
