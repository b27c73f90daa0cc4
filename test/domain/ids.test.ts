import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  accessDirectoryId,
  agentDirectoryId,
  agentHealthId,
  alertBookId,
  agentIdempotencyKey,
  batchIdFrom,
  batchWorkflowId,
  callIdFrom,
  callIdOf,
  callWorkflowId,
  clusterTermsId,
  keyUsageId,
  plainStart,
  sessionIdOf,
  sessionWorkflowId,
} from '../../src/domain/ids.ts';
import {
  idIn,
  ownSessionId,
  partsOfSession,
  projectOf,
  sessionForAgents,
  sessionIn,
} from '../../src/domain/project.ts';

/** Ids as clients may choose them, including the separators of our own ids. They have no control characters. */
const chosen = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1 }).filter((text) => !/\p{Cc}/u.test(text)),
  fc
    .array(fc.constantFrom('call-', 'session-', '@', '.', '/', '%', '%2F', 'a', 'é', 'project:'), {
      minLength: 1,
    })
    .map((parts) => parts.join('')),
);
const project = fc.constantFrom('default', 'a', 'a-b', 'session');
/** Ids as they are inside Holdfast, of any project. */
const id = fc.tuple(project, chosen).map(([name, own]) => sessionIn(name, own));

test('call and session ids can be read back from their workflow ids', () => {
  fc.assert(
    fc.property(id, (one) => {
      expect(callIdOf(callWorkflowId(one))).toBe(one);
      expect(sessionIdOf(sessionWorkflowId(one))).toBe(one);
    }),
  );
});

test('calls, sessions and entities never share a workflow id, whatever ids clients choose', () => {
  fc.assert(
    fc.property(id, id, (one, other) => {
      const ids = [
        callWorkflowId(one),
        sessionWorkflowId(other),
        accessDirectoryId,
        agentDirectoryId,
        agentHealthId,
        alertBookId,
      ];
      expect(new Set([...ids, clusterTermsId, keyUsageId]).size).toBe(8);
    }),
  );
});

test('workflow ids keep their form, by which running workflows are found', () => {
  expect([callWorkflowId('x'), sessionWorkflowId('x')]).toEqual(['call-x', 'session-x']);
  expect(sessionWorkflowId(sessionIn('crm', 'x'))).toBe('session@crm/x');
  expect([accessDirectoryId, agentDirectoryId, agentHealthId, keyUsageId]).toEqual([
    'access-directory',
    'agent-directory',
    'agent-health',
    'key-usage',
  ]);
});

test('a call or a batch may be named by its id or by the id of its workflow', () => {
  expect([callIdFrom('c1'), callIdFrom(callWorkflowId('c1'))]).toEqual(['c1', 'c1']);
  expect([batchIdFrom('b1'), batchIdFrom(batchWorkflowId('b1'))]).toEqual(['b1', 'b1']);
});

test('an id that a command line would read as an option gets a letter in front', () => {
  expect(['-a', '_a', 'a-', 'a_', ''].map(plainStart)).toEqual(['x-a', 'x_a', 'a-', 'a_', '']);
});

test('two pairs of call and agent never share an idempotency key, even with slashes in their names (I3)', () => {
  fc.assert(
    fc.property(fc.tuple(id, id), fc.tuple(id, id), (one, other) => {
      const same = one[0] === other[0] && one[1] === other[1];
      expect(agentIdempotencyKey(...one) === agentIdempotencyKey(...other)).toBe(same);
    }),
  );
  expect(agentIdempotencyKey('a/b', 'c')).not.toBe(agentIdempotencyKey('a', 'b/c'));
});

test('an idempotency key is <call id>/<agent>, in characters that a header can carry', () => {
  expect(agentIdempotencyKey('c1', 'agent one')).toBe('c1/agent%20one');
  fc.assert(
    fc.property(id, id, (callId, agent) => {
      expect(agentIdempotencyKey(callId, agent)).toMatch(/^[\x21-\x7e]+$/);
    }),
  );
});

test('an id says which project it belongs to', () => {
  fc.assert(
    fc.property(project, chosen, (name, own) => {
      expect(projectOf(idIn(name, 'V1StGXR8-Z5jd_Hi6B'))).toBe(name);
      expect(partsOfSession(sessionIn(name, own))).toEqual({ project: name, own });
      expect(ownSessionId(sessionIn(name, own))).toBe(own);
    }),
  );
});

test('agents get another session id for each project, whatever ids clients choose', () => {
  fc.assert(
    fc.property(project, chosen, project, chosen, (one, own, other, its) => {
      const isSame = one === other && own === its;
      expect(sessionForAgents(sessionIn(one, own)) === sessionForAgents(sessionIn(other, its))).toBe(isSame);
    }),
  );
  expect(sessionForAgents(sessionIn('crm', 'u-1'))).toBe('project:crm/u-1');
  expect(sessionForAgents('u-1')).toBe('u-1');
  expect(sessionForAgents('project:crm/u-1')).toBe('project:default/project:crm/u-1');
});
