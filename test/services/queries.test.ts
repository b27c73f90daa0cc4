/** The text of every list query. A cursor is bound to it, so another text would refuse the cursors that clients hold. */
import { expect, test } from 'vitest';
import {
  batchesClosedQuery,
  callsClosedQuery,
  listQuery,
  rerunsQuery,
} from '../../src/services/calls/call-filter.ts';
import {
  batchesQuery,
  closedSessionsQuery,
  endedAmongQuery,
  endedRunsOfCallQuery,
  endedRunsOfSessionQuery,
  pinnedQuery,
  runningSessionsQuery,
} from '../../src/services/temporal/queries.ts';

const calls =
  "WorkflowType = 'agentCall' AND (TemporalNamespaceDivision IS NULL OR TemporalNamespaceDivision = '')";

test('the lists of sessions and batches keep their queries', () => {
  const running = "WorkflowType = 'session' AND ExecutionStatus = 'Running'";
  expect(runningSessionsQuery('*')).toBe(running);
  expect(runningSessionsQuery('default')).toBe(`${running} AND WorkflowId STARTS_WITH 'session-'`);
  expect(runningSessionsQuery('crm')).toBe(`${running} AND WorkflowId STARTS_WITH 'session@crm/'`);
  expect(closedSessionsQuery()).toBe("WorkflowType = 'session' AND ExecutionStatus = 'Completed'");
  expect(batchesQuery('*')).toBe("WorkflowType = 'rerunBatch'");
  expect(batchesQuery('default')).toBe("WorkflowType = 'rerunBatch' AND HoldfastProject IS NULL");
  expect(batchesQuery('crm')).toBe("WorkflowType = 'rerunBatch' AND HoldfastProject = 'crm'");
});

test('the ended runs of one session are looked for by its workflow id, as far as a filter can compare it', () => {
  const ended = "WorkflowType = 'session' AND ExecutionStatus NOT IN ('Running', 'ContinuedAsNew')";
  expect(endedRunsOfSessionQuery('s 1')).toBe(`WorkflowId = 'session-s 1' AND ${ended}`);
  expect(endedRunsOfSessionQuery('s"1')).toBe(`WorkflowId STARTS_WITH 'session-s' AND ${ended}`);
});

test('a list of calls without a filter finds every call of the project, or of all', () => {
  expect(listQuery({ project: '*' })).toBe(calls);
  expect(listQuery({ project: 'default' })).toBe(`${calls} AND HoldfastProject IS NULL`);
  expect(listQuery({ project: 'crm' })).toBe(`${calls} AND HoldfastProject = 'crm'`);
});

test('a filter adds a condition for each of its members', () => {
  const query = listQuery({
    project: '*',
    status: 'failed',
    errorType: 'timeout',
    agent: "o'hara",
    session: 's',
    user: 'u',
    since: new Date(0),
    until: new Date(1_000),
    text: 'ab?',
    rerunOf: 'c',
  });
  expect(query.split(' AND ').slice(2)).toEqual([
    "ExecutionStatus IN ('Failed', 'TimedOut')",
    "HoldfastErrorType IN ('timeout')",
    "HoldfastAgent IN ('o%27hara')",
    "HoldfastSession IN ('s')",
    "HoldfastUser IN ('u')",
    "StartTime >= '1970-01-01T00:00:00.000Z'",
    "StartTime < '1970-01-01T00:00:01.000Z'",
    "WorkflowId STARTS_WITH 'call-ab%3F'",
    "HoldfastRerunOf IN ('c')",
  ]);
  expect(query.startsWith(`${calls} AND `)).toBe(true);
});

test('reruns, ended calls and calls that failed lately are found by their own queries', () => {
  expect(rerunsQuery(['a', 'b'])).toBe(`${calls} AND HoldfastRerunOf IN ('a', 'b')`);
  expect(endedAmongQuery(['a', 'b'])).toBe(
    "WorkflowId IN ('call-a', 'call-b') AND ExecutionStatus != 'Running'",
  );
  expect(endedRunsOfCallQuery("it's")).toBe(
    "WorkflowId IN ('call-it\\'s') AND ExecutionStatus != 'Running' AND WorkflowType = 'agentCall'",
  );
  const closed =
    "ExecutionStatus != 'Running' AND CloseTime >= '1970-01-01T00:00:00.001Z' AND CloseTime < '1970-01-01T00:00:00.002Z'";
  expect(callsClosedQuery(0, 1)).toBe(`${calls} AND ${closed}`);
  expect(batchesClosedQuery(0, 1)).toBe(`${calls.replace('agentCall', 'rerunBatch')} AND ${closed}`);
});

test('the calls that a version of the workers has to end are counted by their pinned version', () => {
  expect(pinnedQuery('holdfast', 'v1')).toBe(
    `TemporalWorkerDeploymentVersion = "holdfast:v1" AND TemporalWorkflowVersioningBehavior = 'Pinned' AND ExecutionStatus = 'Running'`,
  );
});
