/** The names of updates, signals and queries on the wire, which must never change: histories and running workflows use them. */
import { expect, it } from 'vitest';
import * as messages from '../../src/workflows/messages.ts';

const kinds = { update: 'Update', signal: 'Signal', query: 'Query' } as const;

it('the constant of a message is named after its wire name and its kind', () => {
  for (const [name, { name: wireName, type }] of Object.entries(messages))
    expect(name).toBe(`${wireName}${kinds[type]}`);
});

it('no wire name of a message has changed', () => {
  expect(Object.keys(messages).sort()).toEqual([
    'acknowledgeAlertUpdate',
    'addJobUpdate',
    'alertChangesQuery',
    'appendMessagesUpdate',
    'batchPagesQuery',
    'callProgressQuery',
    'cancelBatchSignal',
    'changeWebhookUpdate',
    'closeProjectUpdate',
    'closeSessionUpdate',
    'commitTurnSignal',
    'configureSessionUpdate',
    'createKeyUpdate',
    'createProjectUpdate',
    'createWebhookUpdate',
    'directoryChangesQuery',
    'expireSessionUpdate',
    'forgetAgentSignal',
    'healthChangesQuery',
    'limitKeyUpdate',
    'limitProjectUpdate',
    'noteStatesSignal',
    'openTurnUpdate',
    'pauseAgentUpdate',
    'readAccessQuery',
    'readAlertsQuery',
    'readSessionQuery',
    'readWebhooksQuery',
    'registerAgentUpdate',
    'releaseTurnSignal',
    'removeAgentUpdate',
    'removeWebhookUpdate',
    'reportAlertsUpdate',
    'reportOutcomesSignal',
    'reportUsageUpdate',
    'resetAgentSignal',
    'retrySignal',
    'revokeKeyUpdate',
    'rotateKeyUpdate',
    'rotateWebhookUpdate',
    'settleTurnUpdate',
    'silenceAlertsUpdate',
    'stateChangesQuery',
    'turnGrantedSignal',
    'unsilenceAlertsUpdate',
    'usageQuery',
    'wakeSignal',
  ]);
});
