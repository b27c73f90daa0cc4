/** Converts what the form of a webhook has to requests, and back. */
import type { Webhook, WebhookChange, WebhookRequest } from '../../../src/contract/webhooks.ts';
import { memberText, parseMember } from '../../../src/domain/metadata-filter.ts';
import { isMailto } from '../../../src/domain/mail-addresses.ts';
import type { HttpFormat, WebhookEventType } from '../../../src/domain/webhook.ts';
import { Problem } from '../http.ts';
import { agentsIn } from '../ui/agents-field.tsx';
import { formText } from '../ui/form-text.ts';

/** The filters of a webhook as the form shows them; empty if there are none. */
export function filterTexts(webhook: Webhook | undefined) {
  return {
    agents: webhook?.agents?.join('\n') ?? '',
    session_prefix: webhook?.session_prefix ?? '',
    user_id: webhook?.user_id ?? '',
    metadata: Object.entries(webhook?.metadata ?? {})
      .map(memberText)
      .join('\n'),
  };
}

/** Returns the request of a new webhook. Throws `Problem` if it has no events, or its metadata cannot be read. */
export function webhookRequestOf(values: FormData): WebhookRequest {
  const url = formText(values, 'url');
  return { name: formText(values, 'name'), url, ...formatOf(values, url), ...commonOf(values, undefined) };
}

/** Returns what the form changes of the webhook. Throws `Problem` like `webhookRequestOf`. */
export function changeOf(values: FormData, webhook: Webhook): WebhookChange {
  const url = formText(values, 'url');
  return {
    name: formText(values, 'name'),
    ...(url !== '' && { url }),
    ...(formText(values, 'format') !== webhook.format && formatOf(values, url || webhook.url)),
    ...commonOf(values, webhook),
  };
}

/** What is chosen counts for nothing where mails are sent. */
function formatOf(values: FormData, url: string): { readonly format?: HttpFormat } {
  return isMailto(url) ? {} : { format: formText(values, 'format') as HttpFormat };
}

function commonOf(values: FormData, webhook: Webhook | undefined) {
  const events = values.getAll('event') as WebhookEventType[];
  if (events.length === 0) throw new Problem('Nothing was sent', 'Choose the events.');
  return {
    events,
    ordered: values.get('ordered') === 'on',
    include_content: values.get('include_content') === 'on',
    ...changedFilters(values, filterTexts(webhook)),
  };
}

/** Only what was changed: the API can set filters that the form cannot show exactly. Empty fields take a filter away. */
function changedFilters(values: FormData, before: ReturnType<typeof filterTexts>) {
  const isChanged = (name: keyof typeof before): boolean => formText(values, name) !== before[name].trim();
  const textOrNull = (name: keyof typeof before): string | null => formText(values, name) || null;
  const agents = agentsIn(values);
  return {
    ...(isChanged('agents') && { agents: agents.length > 0 ? agents : null }),
    ...(isChanged('session_prefix') && { session_prefix: textOrNull('session_prefix') }),
    ...(isChanged('user_id') && { user_id: textOrNull('user_id') }),
    ...(isChanged('metadata') && { metadata: metadataIn(formText(values, 'metadata')) }),
  };
}

function metadataIn(text: string): WebhookRequest['metadata'] {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
  if (lines.length === 0) return null;
  return Object.fromEntries(
    lines.map((line) => {
      const member = parseMember(line);
      if (!member)
        throw new Problem('Nothing was sent', 'The metadata cannot be read', [
          { field: 'metadata', message: `'${line}' is not name=value` },
        ]);
      return member;
    }),
  );
}
