import { pino, type Logger } from 'pino';

export type Log = Logger;

/** JSON lines on standard output. Headers and bodies are never logged (I5); `redact` is the second lock. */
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
