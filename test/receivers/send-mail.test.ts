/** Mails of webhooks, at a real SMTP server. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { SMTPServerOptions } from 'smtp-server';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import {
  MailSender,
  type MailOptions,
  type MailServer as Server,
  type OutgoingMail,
} from '../../src/receivers/send-mail.ts';
import { closedPort } from '../agents/support.ts';
import { headerOf, MailServer } from '../rig/mail-server.ts';

const never = new AbortController().signal;
const from = 'Holdfast <holdfast@example.com>';
const mail: OutgoingMail = {
  to: ['oncall@example.com', 'second@example.com'],
  id: 'evt_1b70',
  subject: '[Holdfast] Agent planner is unreachable',
  text: 'Agent planner is unreachable.\n',
  date: new Date('2026-11-30T08:00:00Z'),
};

async function openServer(options: SMTPServerOptions = {}): Promise<MailServer> {
  const server = new MailServer(options);
  await server.start();
  onTestFinished(() => server.close());
  return server;
}

const senderTo = (port: number, server: Partial<Server> = {}, more: Partial<MailOptions> = {}) =>
  new MailSender({
    server: { host: '127.0.0.1', port, tls: 'if_offered', from, ...server },
    timeoutMs: 5_000,
    ...more,
  });

describe('a mail', () => {
  it('reaches all of its addresses, and is the same on every try', async () => {
    const server = await openServer();
    const sender = senderTo(server.port);
    expect(await sender.send(mail, never)).toMatchObject({ ok: true, status: 250 });
    expect(await sender.send(mail, never)).toMatchObject({ ok: true, status: 250 });
    const [first, again] = server.mails;
    expect(first).toMatchObject({ from: 'holdfast@example.com', to: mail.to });
    expect(again?.raw).toBe(first?.raw);
    const headers = ['From', 'To', 'Subject', 'Message-ID', 'Date', 'Auto-Submitted'];
    expect(headers.map((name) => first && headerOf(first, name))).toEqual([
      from,
      'oncall@example.com, second@example.com',
      '[Holdfast] Agent planner is unreachable',
      '<evt_1b70@example.com>',
      'Mon, 30 Nov 2026 08:00:00 +0000',
      'auto-generated',
    ]);
    expect(first?.raw).toMatch(/\r\n\r\nAgent planner is unreachable\.\r\n/);
  });

  it('gets no further headers from its subject', async () => {
    const server = await openServer();
    const subject = 'Fine\r\nBcc: evil@example.com\r\n\r\nHello';
    await senderTo(server.port).send({ ...mail, subject }, never);
    expect(server.mails[0]?.to).toEqual(mail.to);
    expect(server.mails[0] && headerOf(server.mails[0], 'Bcc')).toBeUndefined();
    expect(server.mails[0]?.raw).not.toMatch(/^Hello/m);
  });

  it('is delivered if one address takes it, and failed if none does', async () => {
    const server = await openServer();
    server.refused.set('oncall@example.com', 550);
    expect(await senderTo(server.port).send(mail, never)).toMatchObject({ ok: true, status: 250 });
    expect(server.mails[0]?.to).toEqual(['second@example.com']);
    server.refused.set('second@example.com', 450);
    expect(await senderTo(server.port).send(mail, never)).toMatchObject({
      ok: false,
      error: expect.stringMatching(
        /^mail server: SMTP [45]50: it refuses the sender, or every address$/,
      ) as string,
    });
  });

  it('that the server refuses has failed', async () => {
    const server = await openServer();
    server.refused.set('data', 554);
    expect(await senderTo(server.port).send(mail, never)).toMatchObject({
      ok: false,
      status: 554,
      error: 'mail server: SMTP 554: it refuses the mail',
    });
  });

  it('has failed where nobody listens', async () => {
    expect(await senderTo(await closedPort()).send(mail, never)).toMatchObject({
      ok: false,
      error: 'mail server: the connection was refused (ECONNREFUSED)',
    });
  });
});

describe('a server that is silent', () => {
  async function silentPort(): Promise<{ port: number; sockets: Socket[] }> {
    const sockets: Socket[] = [];
    const server = createServer((socket) => void sockets.push(socket.on('error', () => undefined)));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => {
      server.close();
      for (const socket of sockets) socket.destroy();
    });
    return { port: (server.address() as AddressInfo).port, sockets };
  }

  it('gets as long as a try may take, and its connection is closed', async () => {
    const { port, sockets } = await silentPort();
    const result = await senderTo(port, {}, { timeoutMs: 300 }).send(mail, never);
    expect(result).toMatchObject({
      ok: false,
      error: expect.stringMatching(/timeout after 0.3 s|does not answer/) as string,
    });
    expect(result.ms).toBeLessThan(3_000);
    await expect.poll(() => sockets.every((socket) => socket.readableEnded || socket.destroyed)).toBe(true);
  });

  it('is left when the worker stops, which is no failed try', async () => {
    const { port, sockets } = await silentPort();
    const stop = new AbortController();
    const sent = senderTo(port).send(mail, stop.signal);
    await expect.poll(() => sockets.length).toBe(1);
    stop.abort(new Error('the worker stops'));
    await expect(sent).rejects.toThrow('the worker stops');
  });
});

describe('a password', () => {
  const account = { user: 'ann', password: 'right' };
  const options: SMTPServerOptions = {
    disabledCommands: ['STARTTLS'],
    authOptional: true,
    allowInsecureAuth: true,
    onAuth: ({ username, password }, _session, done) =>
      password === 'right' ? done(null, { user: username }) : done(new Error('no')),
  };

  it('opens the server', async () => {
    const server = await openServer(options);
    expect(await senderTo(server.port, account).send(mail, never)).toMatchObject({ ok: true });
    expect(server.mails[0]?.user).toBe('ann');
  });

  it('that is wrong is named, and not shown', async () => {
    const server = await openServer(options);
    const result = await senderTo(server.port, { ...account, password: 'wrong' }).send(mail, never);
    expect(result).toMatchObject({
      ok: false,
      status: 535,
      error: 'mail server: SMTP 535: it refuses the user or the password of HOLDFAST_SMTP_URL',
    });
  });

  it('is not sent to a server without TLS', async () => {
    let tries = 0;
    const server = await openServer({ ...options, onAuth: () => void (tries += 1) });
    const result = await senderTo(server.port, { ...account, tls: 'required' }).send(mail, never);
    expect(result).toMatchObject({ ok: false, error: expect.stringMatching(/TLS|refuse|closed/) as string });
    expect([tries, server.mails.length]).toEqual([0, 0]);
  });
});

describe('TLS', () => {
  let folder: string;
  let key: string;
  let cert: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holdfast-mail-'));
    const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
    const request =
      'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=mail.test -addext subjectAltName=IP:127.0.0.1';
    await promisify(execFile)('openssl', [...request.split(' '), '-keyout', keyFile, '-out', certFile]);
    key = await readFile(keyFile, 'utf8');
    cert = await readFile(certFile, 'utf8');
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it.each([
    ['on_connect', { secure: true }],
    ['required', {}],
    ['if_offered', {}],
  ] as const)('%s is used, and the certificate must be trusted', async (tls, options) => {
    const server = await openServer({ disabledCommands: ['AUTH'], key, cert, ...options });
    const trusting = senderTo(server.port, { tls }, { extraCertificates: cert });
    expect(await trusting.send(mail, never)).toMatchObject({ ok: true });
    expect(server.mails).toMatchObject([{ isSecure: true }]);
    expect(await senderTo(server.port, { tls }).send(mail, never)).toMatchObject({
      ok: false,
      error: 'mail server: the certificate is refused: it is self-signed',
    });
    expect(server.mails).toHaveLength(1);
  });

  it('never is for a server whose certificate nobody trusts', async () => {
    const server = await openServer({ disabledCommands: ['AUTH'], key, cert });
    expect(await senderTo(server.port, { tls: 'never' }).send(mail, never)).toMatchObject({ ok: true });
    expect(server.mails).toMatchObject([{ isSecure: false }]);
  });
});
