import { NativeConnection } from '@temporalio/worker';
import proto from '@temporalio/proto';
import { expect, onTestFinished, test } from 'vitest';
import { ensureSearchAttributes } from '../../src/platform/provision.ts';
import { StartupError } from '../../src/platform/startup-error.ts';
import { start } from './embedded/support.ts';

const { INDEXED_VALUE_TYPE_KEYWORD } = proto.temporal.api.enums.v1.IndexedValueType;

async function openConnection(): Promise<NativeConnection> {
  const { address } = await start();
  const connection = await NativeConnection.connect({ address });
  onTestFinished(() => connection.close());
  return connection;
}

async function refusalOf(work: Promise<void>): Promise<string> {
  const error: unknown = await work.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(StartupError);
  return (error as StartupError).message;
}

test('the error for a namespace that allows no more attributes has the commands that add the missing ones', async () => {
  const connection = await openConnection();
  // As many Keyword attributes as a namespace in a SQL database allows.
  const taken = Array.from({ length: 10 }, (_, index) => `Taken${index}`);
  await connection.operatorService.addSearchAttributes({
    namespace: 'default',
    searchAttributes: Object.fromEntries(taken.map((name) => [name, INDEXED_VALUE_TYPE_KEYWORD])),
  });

  const names = ['Taken3', 'HoldfastAgent', 'HoldfastUser'];
  expect(await refusalOf(ensureSearchAttributes(connection, 'default', names))).toBe(
    [
      'The namespace default lacks search attributes, and this node may not add them. Add them with:',
      '  temporal operator search-attribute create --namespace default --name HoldfastAgent --type Keyword',
      '  temporal operator search-attribute create --namespace default --name HoldfastUser --type Keyword',
    ].join('\n'),
  );
  await ensureSearchAttributes(connection, 'default', taken);
});

test('nodes that start at the same time on a new namespace all succeed in adding its attributes', async () => {
  const connection = await openConnection();
  const names = ['HoldfastAgent', 'HoldfastUser', 'HoldfastSession'];
  await Promise.all(Array.from({ length: 5 }, () => ensureSearchAttributes(connection, 'default', names)));
  const { customAttributes } = await connection.operatorService.listSearchAttributes({
    namespace: 'default',
  });
  expect(Object.keys(customAttributes).sort()).toEqual([...names].sort());
});

test('the error for a namespace that does not exist has its name and the command that creates it', async () => {
  const refusal = await refusalOf(
    ensureSearchAttributes(await openConnection(), 'defualt', ['HoldfastAgent']),
  );
  expect(refusal).toMatch(/^Temporal has no namespace defualt: set TEMPORAL_NAMESPACE/);
  expect(refusal).toMatch(/temporal operator namespace create --namespace defualt/);
});
