/**
 * Sends events by mail, through one SMTP server, which the settings name. One `send` is one try over a connection of its own:
 * repeating it is up to the caller. A reader may get a mail twice, and knows it by its `Message-ID`.
 */
import { rootCertificates } from 'node:tls';
import { createTransport } from 'nodemailer';
import { Semaphore } from '../lib/semaphore.ts';
import { startLimit } from './limit.ts';
import { mailErrorText, replyCodeOf } from './mail-error.ts';
import type { SendResult } from './send-event.ts';

/** An SMTP server and the sender's address. */
export interface MailServer {
  readonly host: string;
  readonly port: number;
  /** `on_connect`: from the first byte. `required`: only by STARTTLS. `if_offered`: by STARTTLS where the server has it. */
  readonly tls: 'on_connect' | 'required' | 'if_offered' | 'never';
  readonly user?: string;
  readonly password?: string;
  /** An address, or a name and an address in angle brackets. */
  readonly from: string;
}

export interface MailOptions {
  readonly server: MailServer;
  /** Time limit of one `send`, in ms. */
  readonly timeoutMs: number;
  /** Certificate authorities (PEM) to trust besides Node's own. */
  readonly extraCertificates?: string;
}

export interface OutgoingMail {
  readonly to: readonly string[];
  /** The event's id, the same on every try. It becomes a part of the `Message-ID`. */
  readonly id: string;
  readonly subject: string;
  readonly text: string;
  /** When it happened. */
  readonly date: Date;
}

/** Mail servers limit the connections of one client; postfix for example to 50. */
const maxConnections = 4;

export class MailSender {
  private readonly options: MailOptions;
  private readonly connections = new Semaphore({ current: maxConnections });

  constructor(options: MailOptions) {
    this.options = options;
  }

  /**
   * Tries once to hand the mail to the server, when fewer than four others are on their way: that wait belongs to no try. It
   * is delivered once the server took it for at least one address. `status` is the reply code. Throws the signal's reason once
   * that is aborted.
   */
  send(mail: OutgoingMail, signal: AbortSignal): Promise<SendResult> {
    return this.connections.run(() => this.sendNow(mail, signal), { signal });
  }

  private async sendNow(mail: OutgoingMail, signal: AbortSignal): Promise<SendResult> {
    const begin = performance.now();
    const ms = (): number => Math.round(performance.now() - begin);
    const { timeoutMs, server } = this.options;
    const limit = startLimit(timeoutMs, signal);
    try {
      const { response } = await this.transport().sendMail({
        from: server.from,
        to: [...mail.to],
        subject: mail.subject,
        text: mail.text,
        date: mail.date,
        messageId: messageId(mail.id, server.from),
        headers: { 'Auto-Submitted': 'auto-generated' },
        signal: limit.signal,
      });
      return { ok: true, status: replyCodeOf(response), ms: ms() };
    } catch (error) {
      signal.throwIfAborted();
      if (limit.signal.aborted) return { ok: false, error: `timeout after ${timeoutMs / 1_000} s`, ms: ms() };
      const known = mailErrorText(error);
      if (!known) throw error;
      return { ok: false, ...known, ms: ms() };
    } finally {
      limit.end();
    }
  }

  private transport() {
    const { server, timeoutMs, extraCertificates } = this.options;
    const { host, port, tls, user, password } = server;
    return createTransport({
      host,
      port,
      secure: tls === 'on_connect',
      requireTLS: tls === 'required',
      ignoreTLS: tls === 'never',
      connectionTimeout: timeoutMs,
      greetingTimeout: timeoutMs,
      socketTimeout: timeoutMs,
      dnsTimeout: timeoutMs,
      disableFileAccess: true,
      disableUrlAccess: true,
      ...(user !== undefined && { auth: { user, pass: password ?? '' } }),
      ...(extraCertificates !== undefined && { tls: { ca: [...rootCertificates, extraCertificates] } }),
    });
  }
}

/** Mail programs show mails with one id once. */
function messageId(eventId: string, from: string): string {
  const [, domain = ''] = /@([^@>]+)>?$/.exec(from) ?? [];
  return `<${eventId}@${domain}>`;
}
