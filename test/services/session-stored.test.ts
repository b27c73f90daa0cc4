/** What `session_stored` says of a call that has ended, from one description of its session. */
import proto from '@temporalio/proto';
import { WorkflowNotFoundError } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { describeSession, isStoredBy } from '../../src/services/sessions/session-stored.ts';
import type { Temporal } from '../../src/services/temporal/rpc.ts';
import { msToTs } from '../../src/temporal-sdk/timestamps.ts';

const endedAt = Date.UTC(2026, 0, 1);
const run = { runId: 'run', historyLength: 10, life: 'present', startedAt: endedAt + 500 };
const call = { life: 'present', endedAt };

describe('the turn of an ended call', () => {
  it('is stored if its session runs, whether or not the session has the ending by now', () => {
    expect(isStoredBy(run, call)).toBe(true);
  });

  it('is stored if its session was closed only afterwards, or at that very moment', () => {
    expect(isStoredBy({ ...run, closedAt: endedAt + 1 }, call)).toBe(true);
    expect(isStoredBy({ ...run, closedAt: endedAt }, call)).toBe(true);
  });

  it('is not stored if its session was closed before', () => {
    expect(isStoredBy({ ...run, closedAt: endedAt - 1 }, call)).toBe(false);
    expect(isStoredBy({ ...run, closedAt: 0 }, call)).toBe(false);
  });

  it('is not known any more if another life has begun since, or if Temporal has no session', () => {
    for (const next of [
      { ...run, life: 'next' },
      { ...run, life: 'next', closedAt: endedAt + 900 },
      { ...run, life: undefined },
    ])
      expect(isStoredBy(next, call)).toBeUndefined();
    expect(isStoredBy(run, { ...call, life: undefined })).toBeUndefined();
    expect(isStoredBy(undefined, call)).toBeUndefined();
  });

  it('is not stored if another life had begun before the call ended', () => {
    for (const startedAt of [endedAt, endedAt - 1])
      expect(isStoredBy({ ...run, life: 'next', startedAt }, call)).toBe(false);
  });

  it('is stored by a session from before lives existed', () => {
    expect(isStoredBy({ ...run, life: undefined }, { ...call, life: undefined })).toBe(true);
  });
});

describe('the description of a session', () => {
  const { WorkflowExecutionStatus: status } = proto.temporal.api.enums.v1;
  /** Describes the session as if Temporal answered so. */
  const described = (answer: () => object | Promise<object>) => {
    const asked: unknown[] = [];
    const temporal = {
      namespace: 'default',
      client: {
        withDeadline: (_until: number, send: () => unknown) => send(),
        workflowService: {
          describeWorkflowExecution: async (request: unknown) => {
            asked.push(request);
            return { workflowExecutionInfo: await answer() };
          },
        },
      },
    } as unknown as Temporal;
    return { asked, session: describeSession(temporal, 's') };
  };
  const info = {
    execution: { runId: 'run' },
    startTime: msToTs(run.startedAt),
    historyLength: { toString: () => '10', valueOf: () => 10 },
    memo: { fields: { life: defaultPayloadConverter.toPayload('present') } },
  };

  it.each(['RUNNING', 'PAUSED'] as const)('says that it runs if it is %s', async (name) => {
    const { asked, session } = described(() => ({
      ...info,
      status: status[`WORKFLOW_EXECUTION_STATUS_${name}`],
    }));
    expect(await session).toEqual(run);
    expect(asked).toEqual([{ namespace: 'default', execution: { workflowId: 'session-s' } }]);
  });

  it.each(['COMPLETED', 'TERMINATED', 'FAILED'] as const)('says when it was %s', async (name) => {
    const closed = { ...info, status: status[`WORKFLOW_EXECUTION_STATUS_${name}`] };
    expect(await described(() => ({ ...closed, closeTime: msToTs(endedAt) })).session).toEqual({
      ...run,
      closedAt: endedAt,
    });
    // It may be closed without a time: then before any end.
    expect(await described(() => closed).session).toEqual({ ...run, closedAt: 0 });
  });

  it('names no life for a session from before lives existed', async () => {
    const old = { ...info, memo: undefined, status: status.WORKFLOW_EXECUTION_STATUS_RUNNING };
    expect(await described(() => old).session).toEqual({ ...run, life: undefined });
  });

  it('is missing if Temporal does not have the session, and refused if it does not answer', async () => {
    const missing = () => Promise.reject(new WorkflowNotFoundError('gone', 'session-s', undefined));
    expect(await described(missing).session).toBeUndefined();
    const away = Object.assign(new Error('away'), {
      name: 'ServiceError',
      code: 14,
      details: '',
      metadata: {},
    });
    await expect(described(() => Promise.reject(away)).session).rejects.toMatchObject({
      type: 'temporal_unavailable',
    });
  });
});
