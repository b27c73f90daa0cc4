import { connect } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { closeServer, listen } from '../../src/api/listen.ts';
import { StartupError } from '../../src/platform/shutdown.ts';

async function open() {
  const server = await listen((_request, response) => void response.end('here'), '127.0.0.1', 0);
  onTestFinished(() => closeServer(server));
  return { server, port: (server.address() as AddressInfo).port };
}

async function refusalOf(host: string, port: number): Promise<string> {
  const error: unknown = await listen(() => undefined, host, port).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(StartupError);
  return (error as StartupError).message;
}

test('port 0 is a free one that answers', async () => {
  const { port } = await open();
  expect(await (await fetch(`http://127.0.0.1:${port}`)).text()).toBe('here');
});

test('a port in use is told with the setting that names another', async () => {
  const { port } = await open();
  expect(await refusalOf('127.0.0.1', port)).toBe(
    `Port ${port} on 127.0.0.1 is in use: set HOLDFAST_PORT to a free one (0 takes any)`,
  );
});

test('an address that is not of this machine is told with its setting', async () => {
  // Of a range that is for documentation (RFC 5737).
  expect(await refusalOf('203.0.113.7', 0)).toBe(
    '203.0.113.7 is not an address of this machine: set HOLDFAST_HOST',
  );
});

test('closing does not wait for clients that keep their connection', async () => {
  const { server, port } = await open();
  const client = connect(port, '127.0.0.1');
  await once(server, 'connection');
  const closed = once(client, 'close');
  await closeServer(server);
  await closed;
});
