/** Recorded histories and running workflows know updates, signals and queries by these names: they stay. */
import { expect, it } from 'vitest';
import * as messages from '../../src/workflows/messages.ts';

const kinds = { update: 'Update', signal: 'Signal', query: 'Query' } as const;

it('a message is named after its name on the wire and its kind', () => {
  for (const [name, { name: wireName, type }] of Object.entries(messages))
    expect(name).toBe(`${wireName}${kinds[type]}`);
});

it('no name on the wire has changed', () => {
  expect(Object.keys(messages).sort()).toEqual([
    'batchPagesQuery',
    'callProgressQuery',
    'cancelBatchSignal',
    'closeSessionUpdate',
    'commitTurnSignal',
    'directoryChangesQuery',
    'expireSessionUpdate',
    'forgetAgentSignal',
    'healthChangesQuery',
    'openTurnUpdate',
    'readSessionQuery',
    'registerAgentUpdate',
    'releaseTurnSignal',
    'removeAgentUpdate',
    'reportOutcomesSignal',
    'resetAgentSignal',
    'settleTurnUpdate',
    'turnGrantedSignal',
  ]);
});
