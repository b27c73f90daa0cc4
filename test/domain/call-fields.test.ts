import { expect, it } from 'vitest';
import { callFields, workflowCallFields } from '../../src/domain/call-fields.ts';
import { callWorkflowId, sessionWorkflowId } from '../../src/domain/ids.ts';
import { sessionIn } from '../../src/domain/project.ts';

it('a line about a call names its project, its trace, and the session as its users do', () => {
  expect(callFields('crm.one', { sessionId: sessionIn('crm', 'customer'), agent: 'writer' })).toEqual({
    callId: 'crm.one',
    project: 'crm',
    sessionId: 'customer',
    agent: 'writer',
  });
  const trace = { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` };
  expect(callFields('one', { trace })).toMatchObject({ traceId: 'a'.repeat(32) });
  expect(callFields('one')).toEqual({ callId: 'one', project: 'default' });
});

it("a line of the Temporal SDK is about the call of its workflow, or about the one that a session's line names", () => {
  expect(workflowCallFields(callWorkflowId('crm.one'), undefined)).toEqual({
    callId: 'crm.one',
    project: 'crm',
  });
  for (const project of ['default', 'crm'])
    expect(workflowCallFields(sessionWorkflowId(sessionIn(project, 'customer')), 'crm.one')).toEqual({
      callId: 'crm.one',
      project: 'crm',
      sessionId: 'customer',
    });
  expect(workflowCallFields('agent-health', 'one')).toEqual({ callId: 'one', project: 'default' });
  expect(workflowCallFields('agent-health', undefined)).toBeUndefined();
  expect(workflowCallFields(undefined, 'one')).toBeUndefined();
});
