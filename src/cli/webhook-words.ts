/** Webhooks as people read them. */
import type { Delivery, ShownWebhook, Webhook } from '../contract/webhooks.ts';
import { memberText } from '../domain/metadata-filter.ts';
import { answerWords } from '../domain/webhook.ts';
import { note, type Output } from './output.ts';

/** Writes everything about a webhook. */
export function showWebhook(out: Output, webhook: Webhook): void {
  const { metadata, backlog, last_try: last } = webhook;
  out.fields({
    webhook: webhook.id,
    name: webhook.name,
    project: webhook.project,
    url: webhook.url,
    format: webhook.format,
    events: webhook.events.join(', '),
    agents: webhook.agents?.join(', ') ?? 'all',
    session_prefix: webhook.session_prefix,
    user: webhook.user_id,
    metadata: metadata && Object.entries(metadata).map(memberText).join(', '),
    ordered: webhook.ordered ? 'yes' : 'no',
    content: webhook.include_content ? 'yes' : 'no',
    status: statusInWords(webhook),
    delivered: webhook.delivered,
    waiting: backlog ? `${webhook.waiting}, and more behind them` : webhook.waiting,
    parked: webhook.parked,
    last_try: last && `${last.at}  ${outcomeOf(last)}`,
    created: webhook.created_at,
    secret_before_valid_until: webhook.earlier_secret_until,
  });
}

/** Writes the secret of a webhook. It is the whole of standard output, so that a script can take it from there. */
export function showSecret(out: Output, webhook: ShownWebhook, what: string): void {
  if (out.json) {
    out.document(webhook);
    return;
  }
  note(`${what} ${webhook.id} (${webhook.name}). ${secretUses[webhook.format]}`);
  note('This is the only time that it is shown:');
  out.text(webhook.secret);
}

const secretUses: Readonly<Record<Webhook['format'], string>> = {
  standard: 'The receiver checks signatures with this secret.',
  slack: 'A chat needs no secret; a receiver of your own can check signatures with this one.',
  mail: 'Mails need no secret; it is for the day when the webhook gets another URL.',
};

function statusInWords({ status, failing_since: since, disabled_at: disabledAt }: Webhook): string {
  if (status === 'failing') return since === null ? status : `failing since ${since}`;
  if (status === 'disabled') return `switched off at ${disabledAt ?? 'an unknown time'}`;
  if (status === 'gone') return `gone: the receiver answered 410 at ${disabledAt ?? 'an unknown time'}`;
  return status;
}

/** What came of a try: the answer, or why there was none. Empty if nothing is known. */
export function outcomeOf({ status, error }: Pick<Delivery, 'status' | 'error'>): string {
  return error ?? (status === null ? '' : answerWords(status));
}
