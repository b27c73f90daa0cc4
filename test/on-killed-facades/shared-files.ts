/** Test files of calls in sessions, which `npm run test:killed` runs once more (start-with-killed-facades.ts). */
export const filesOfSessions = [
  'test/api/message-parts.test.ts',
  'test/api/session-append.test.ts',
  'test/api/session-fork.test.ts',
  'test/api/session-purge.test.ts',
  'test/api/session-settings.test.ts',
  'test/api/session-transfer.test.ts',
  'test/api/sessions.test.ts',
  'test/api/when-busy.test.ts',
  'test/sessions/interrupts.test.ts',
  'test/sessions/large.test.ts',
  'test/sessions/lives.test.ts',
  'test/sessions/turns.test.ts',
];
