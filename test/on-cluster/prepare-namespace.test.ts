/** A new namespace on the full server, whose frontend reads search attributes from a cache that is seconds old. */
import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { expect, onTestFinished, test } from 'vitest';
import { prepareNamespace } from '../../cluster/prepare-namespace.ts';
import { searchAttributes } from '../../src/workflows/search-attributes.ts';
import { clusterOfThisRun } from './start-facades.ts';

test('a workflow with the search attributes of a new namespace can be started at once', async () => {
  const address = clusterOfThisRun()?.temporalAddress ?? '';
  const connection = await Connection.connect({ address });
  onTestFinished(() => connection.close());
  // The cache may happen to be refreshed at the right moment once.
  for (let round = 0; round < 3; round++) {
    const namespace = `test-${randomUUID()}`;
    await prepareNamespace(address, namespace);
    const started = new Client({ connection, namespace }).workflow.start('any', {
      taskQueue: 'any',
      workflowId: 'any',
      typedSearchAttributes: [{ key: searchAttributes.agent, value: 'any' }],
    });
    await expect(started).resolves.toMatchObject({ workflowId: 'any' });
  }
});
