/**
 * Test files that `npm run test:cluster` runs once more on a cluster. The other files test a single process: its limits, its
 * HTTP server, its embedded Temporal server.
 */
export const sharedFiles = [
  'test/api/agents.test.ts',
  'test/api/archive.test.ts',
  'test/api/batches.test.ts',
  'test/api/call-events.test.ts',
  'test/api/call-export.test.ts',
  'test/api/call-list.test.ts',
  'test/api/call-look.test.ts',
  'test/api/calls-find.test.ts',
  'test/api/calls-live.test.ts',
  'test/api/calls.test.ts',
  'test/api/circuit.test.ts',
  'test/api/health-operations.test.ts',
  'test/api/health.test.ts',
  'test/api/idempotency.test.ts',
  'test/api/repeats.test.ts',
  'test/api/rerun-families.test.ts',
  'test/api/reruns.test.ts',
  'test/api/resets.test.ts',
  'test/api/session-purge.test.ts',
  'test/api/session-transfer.test.ts',
  'test/api/sessions.test.ts',
  'test/api/what-if.test.ts',
  'test/calls/failure-table.test.ts',
  'test/model/model.test.ts',
  'test/services/waiters.test.ts',
  'test/sessions/large.test.ts',
  'test/sessions/lives.test.ts',
  'test/sessions/turns.test.ts',
];
