/** A real SMTP server that keeps the mails it takes. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';

export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  readonly user: string | undefined;
  readonly isSecure: boolean;
  /** As it came. */
  readonly raw: string;
}

export class MailServer {
  readonly mails: ReceivedMail[] = [];
  /** The reply codes for addresses, and for the mail itself as `data`. Those that are not here are taken. */
  readonly refused = new Map<string, number>();
  private readonly server: SMTPServer;

  constructor(options: SMTPServerOptions = {}) {
    const refusalOf = (what: string): Error | null => {
      const code = this.refused.get(what);
      return code === undefined ? null : Object.assign(new Error('not here'), { responseCode: code });
    };
    this.server = new SMTPServer({
      disabledCommands: ['AUTH', 'STARTTLS'],
      logger: false,
      onRcptTo: ({ address }, _session, done) => done(refusalOf(address)),
      onData: (stream, { envelope, user, secure }, done) => {
        void text(stream).then((raw) => {
          const refusal = refusalOf('data');
          const from = envelope.mailFrom ? envelope.mailFrom.address : '';
          const to = envelope.rcptTo.map(({ address }) => address);
          if (!refusal)
            this.mails.push({ from, to, user: user as string | undefined, isSecure: secure, raw });
          done(refusal);
        });
      },
      ...options,
    });
    this.server.on('error', () => undefined); // Clients that give up.
  }

  get port(): number {
    return (this.server.server.address() as AddressInfo).port;
  }

  async start(): Promise<void> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server.server, 'listening');
  }

  close(): Promise<void> {
    for (const connection of this.server.connections) connection.close();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }
}

/** The value of a header, unfolded. */
export function headerOf({ raw }: ReceivedMail, name: string): string | undefined {
  const [head = ''] = raw.split('\r\n\r\n');
  const line = head
    .replace(/\r\n[ \t]+/g, ' ')
    .split('\r\n')
    .find((one) => one.toLowerCase().startsWith(`${name.toLowerCase()}: `));
  return line?.slice(name.length + 2);
}
