/** Addresses and ports are checked when an event is sent: what a URL's name resolves to counts, and not its text. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { allowing, closedRules, onLoopback, openReceiver, resolving, sendOnce } from './support.ts';

test.each([
  '127.0.0.1',
  '10.0.0.5',
  '::1',
  '::ffff:127.0.0.1',
  'fd00::1',
  '64:ff9b::7f00:1',
  '0.0.0.0',
  '169.254.169.254',
])('a name that resolves to %s is refused, and nothing is sent', async (address) => {
  const receiver = await openReceiver();
  const resolve = resolving({ 'crm.example': [address] });
  const result = await sendOnce(`http://crm.example:${receiver.port}/`, { rules: closedRules, resolve });
  expect(result).toMatchObject({
    ok: false,
    error: expect.stringMatching(/^the host's address is refused: it is /) as string,
  });
  expect(JSON.stringify(result)).not.toContain(address); // What internal names resolve to is nobody's business.
  expect(receiver.received).toEqual([]);
});

test.each(['127.0.0.1', '2130706433', '[::ffff:127.0.0.1]', 'localhost'])(
  'a literal %s is refused without a rule, though it was accepted with one before',
  async (host) => {
    const receiver = await openReceiver();
    const url = `http://${host}:${receiver.port}/`;
    expect(await sendOnce(url)).toMatchObject({ ok: true });
    expect(await sendOnce(url, { rules: closedRules })).toMatchObject({
      ok: false,
      error: expect.stringContaining('not a public address') as string,
    });
    expect(receiver.received).toHaveLength(1);
  },
);

test('of several addresses only those that are allowed are tried', async () => {
  const receiver = await openReceiver();
  const resolve = resolving({ 'crm.internal': ['10.0.0.5', '127.0.0.1'] });
  const rules = allowing('127.0.0.1');
  expect(await sendOnce(`http://crm.internal:${receiver.port}/`, { rules, resolve })).toMatchObject({
    ok: true,
  });
});

test('a rule for a name opens the private address that it resolves to, on its port alone', async () => {
  const [receiver, other] = [await openReceiver(), await openReceiver()];
  const resolve = resolving({ 'crm.internal': ['127.0.0.1'], 'db.internal': ['127.0.0.1'] });
  const options = { rules: allowing(`crm.internal:${receiver.port}`), resolve };
  expect(await sendOnce(`http://crm.internal:${receiver.port}/`, options)).toMatchObject({ ok: true });
  for (const url of [`http://crm.internal:${other.port}/`, `http://db.internal:${receiver.port}/`])
    expect(await sendOnce(url, options)).toMatchObject({ ok: false });
  expect([receiver.received.length, other.received.length]).toEqual([1, 0]);
});

test('the ports of Holdfast and Temporal are refused by name and by address, also ports that are known only later', async () => {
  const receiver = await openReceiver();
  const ports: number[] = [];
  const rules = { ...onLoopback, refusedPorts: ports };
  const resolve = resolving({ 'crm.example': ['127.0.0.1'] });
  const hosts = ['127.0.0.1', 'localhost', 'crm.example'];
  const send = (host: string) =>
    sendOnce(`http://${host}:${receiver.port}/`, { rules, ...(host === 'crm.example' && { resolve }) });
  for (const host of hosts) expect(await send(host)).toMatchObject({ ok: true });
  ports.push(receiver.port);
  for (const host of hosts)
    expect(await send(host)).toMatchObject({
      error: expect.stringContaining('one of Holdfast or Temporal') as string,
    });
  expect(receiver.received).toHaveLength(3);
});

test('a name that does not resolve is a failure', async () => {
  expect(await sendOnce('http://crm.example/', { resolve: resolving({}) })).toMatchObject({
    ok: false,
    error: 'the host name does not resolve (ENOTFOUND)',
  });
});

test('certificates are checked: trusted, self-signed, of another host', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-tls-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const [keyFile, certificateFile] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
  const request =
    'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=crm.test';
  const files = ['-addext', 'subjectAltName=DNS:crm.test', '-keyout', keyFile, '-out', certificateFile];
  await promisify(execFile)('openssl', [...request.split(' '), ...files]);
  const cert = await readFile(certificateFile, 'utf8');
  const server = createServer(
    { key: await readFile(keyFile), cert },
    (_request, response) => void response.end(),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  const resolve = resolving({ 'crm.test': ['127.0.0.1'], 'other.test': ['127.0.0.1'] });
  const trusting = { resolve, extraCertificates: cert };
  expect(await sendOnce(`https://crm.test:${port}/`, trusting)).toMatchObject({ ok: true });
  expect(await sendOnce(`https://crm.test:${port}/`, { resolve })).toMatchObject({
    error: 'the certificate is refused: it is self-signed',
  });
  expect(await sendOnce(`https://other.test:${port}/`, trusting)).toMatchObject({
    error: 'the certificate is refused: it is for another host',
  });
});

test('a receiver that speaks plain HTTP on an https URL is a failed TLS handshake', async () => {
  const { port } = await openReceiver();
  const result = await sendOnce(`https://127.0.0.1:${port}/`);
  expect(result).toMatchObject({
    ok: false,
    error: expect.stringMatching(/^the TLS handshake failed/) as string,
  });
});
