import { pino, type Logger } from 'pino';
import { LogOutput } from './log-output.ts';

export type Log = Logger;

// pino's own destination ends the process where a write fails, and then tries it for ever.
const standardOutput = new LogOutput(1);
process.on('exit', () => {
  standardOutput.flushSync();
});

/** JSON lines on standard output. Headers and bodies are never logged (I5); `redact` is the second lock. */
export function createLog(level: string): Log {
  return pino(
    {
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
    },
    standardOutput,
  );
}
