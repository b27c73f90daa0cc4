import { pino, type Logger } from 'pino';
import { LogOutput } from './log-output.ts';

export type Log = Logger;

// pino's own destination ends the process if a write fails, and before that repeats the write for ever.
const standardOutput = new LogOutput(1);
process.on('exit', () => {
  standardOutput.flushSync();
});

/**
 * Creates a log that writes JSON lines to standard output. Holdfast's code never logs headers or bodies (I5); `redact` is a
 * second safeguard.
 */
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
