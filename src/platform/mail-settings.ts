/** The settings HOLDFAST_SMTP_*: the mail server through which webhooks with a mailto URL are sent. */
import { z } from 'zod';
import { isMailAddress } from '../domain/mail-addresses.ts';
import type { MailServer } from '../receivers/send-mail.ts';
import { isLoopback } from './loopback.ts';
import { StartupError } from './startup-error.ts';

/** `Holdfast <holdfast@example.com>`: a name without what a header needs quotes for. */
const namedAddress = /^[\w .'-]{1,100} <([^<>]+)>$/;

export const mailSettings = {
  HOLDFAST_SMTP_URL: z
    .string()
    .superRefine((text, context) => {
      const wrong = problemOf(text);
      if (wrong !== undefined) context.addIssue({ code: 'custom', message: wrong });
    })
    .optional()
    .describe(
      'Mail server for webhooks with a mailto URL: smtp://user:password@host:587 (STARTTLS), or smtps://user:password@host:465 (TLS at once). Facades and workers need it. Default: no mail is sent.',
    ),
  HOLDFAST_SMTP_FROM: z
    .string()
    .refine(
      (text) => text === '' || isMailAddress(namedAddress.exec(text)?.[1] ?? text),
      'takes an address, or a name and an address: Holdfast <holdfast@example.com>',
    )
    .default('')
    .describe('Sender of these mails, e.g. Holdfast <holdfast@example.com>. Needed with HOLDFAST_SMTP_URL.'),
} as const;

type Set = z.infer<z.ZodObject<typeof mailSettings>>;

/** Returns the mail server, if there is one. Throws `StartupError` if one of the two settings is missing. */
export function toMailServer({
  HOLDFAST_SMTP_URL: url,
  HOLDFAST_SMTP_FROM: from,
}: Set): MailServer | undefined {
  if (url === undefined && from === '') return undefined;
  if (url === undefined)
    throw new StartupError('HOLDFAST_SMTP_FROM is set without HOLDFAST_SMTP_URL, the mail server: set both');
  if (from === '')
    throw new StartupError('HOLDFAST_SMTP_URL needs HOLDFAST_SMTP_FROM: the address that mails come from');
  const { protocol, hostname, port, username, password, searchParams } = new URL(url);
  const isSecure = protocol === 'smtps:';
  return {
    host: bare(hostname),
    port: port === '' ? (isSecure ? 465 : 587) : Number(port),
    tls: isSecure ? 'on_connect' : startTlsOf(username !== '', bare(hostname), searchParams),
    ...(username !== '' && { user: decodeURIComponent(username), password: decodeURIComponent(password) }),
    from,
  };
}

/** A password does not leave this machine in the clear. Without one, mail servers within a network often have no TLS. */
function startTlsOf(hasUser: boolean, host: string, query: URLSearchParams): MailServer['tls'] {
  if (query.get('starttls') === 'off') return 'never';
  return hasUser && !isLoopback(host) ? 'required' : 'if_offered';
}

/** Never shows the URL: it may hold a password. */
function problemOf(text: string): string | undefined {
  const takes = 'takes a URL like smtp://user:password@mail.example.com:587 or smtps://mail.example.com';
  if (!/^smtps?:\/\//i.test(text) || !URL.canParse(text)) return takes;
  const { protocol, hostname, pathname, hash, username, password, search } = new URL(text);
  if (hostname === '' || !['', '/'].includes(pathname) || hash !== '') return takes;
  if (![username, password].every(canBeDecoded))
    return 'has a % in user or password that begins no escape: write it as %25';
  if (search !== '' && (search !== '?starttls=off' || protocol !== 'smtp:'))
    return 'takes no query but ?starttls=off, which is for smtp:// alone';
  if (search !== '' && username !== '' && !isLoopback(bare(hostname)))
    return 'would send the password in the clear: leave out ?starttls=off, or the user';
  return undefined;
}

function canBeDecoded(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

/** Without the brackets of an IPv6 address. */
const bare = (host: string): string => host.replace(/^\[(.*)\]$/, '$1');
