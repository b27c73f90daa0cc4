import { pino, type Logger } from 'pino';

export type Log = Logger;

/** Logs JSON lines to standard output. Our code never logs headers or bodies (I5); `redact` is a second safeguard. */
export function createLog(level: string): Log {
  return pino({
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: {
      paths: [
        'req.headers.authorization',
        'req.headers["idempotency-key"]',
        'auth_token',
        '*.auth_token',
        '*.sealedToken',
      ],
      censor: '[redacted]',
    },
  });
}
