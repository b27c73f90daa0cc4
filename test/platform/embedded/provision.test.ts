import { NativeConnection } from '@temporalio/worker';
import { Connection } from '@temporalio/client';
import { expect, onTestFinished, test } from 'vitest';
import { ensureSearchAttributes, setRetention } from '../../../src/platform/provision.ts';
import { start } from './support.ts';

test('setting up a namespace twice gives it the same retention and search attributes', async () => {
  const { address } = await start();
  const connection = await NativeConnection.connect({ address });
  onTestFinished(() => connection.close());
  const seen = await Connection.connect({ address });
  onTestFinished(() => seen.close());

  for (const round of ['first', 'second']) {
    await setRetention(connection, 'default', 7);
    await ensureSearchAttributes(connection, 'default', ['Asked', 'Session']);
    const { config } = await seen.workflowService.describeNamespace({ namespace: 'default' });
    expect(Number(config?.workflowExecutionRetentionTtl?.seconds), round).toBe(7 * 86_400);
    const { customAttributes } = await seen.operatorService.listSearchAttributes({ namespace: 'default' });
    expect(Object.keys(customAttributes), round).toEqual(expect.arrayContaining(['Asked', 'Session']));
  }
});

test('search attributes are added to existing ones', async () => {
  const { address } = await start();
  const connection = await NativeConnection.connect({ address });
  onTestFinished(() => connection.close());
  await ensureSearchAttributes(connection, 'default', ['Asked']);
  await ensureSearchAttributes(connection, 'default', ['Asked', 'Session', 'User']);
  const { customAttributes } = await connection.operatorService.listSearchAttributes({
    namespace: 'default',
  });
  expect(Object.keys(customAttributes)).toEqual(expect.arrayContaining(['Asked', 'Session', 'User']));
});
