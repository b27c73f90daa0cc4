import { useState } from 'preact/hooks';
import type { Webhook } from '../../../src/contract/webhooks.ts';
import { httpFormats, webhookEvents, webhookEventTypes } from '../../../src/domain/webhook.ts';
import { api } from '../api.ts';
import { ActionForm } from '../ui/action-form.tsx';
import { Field } from '../ui/field.tsx';
import { notify } from '../ui/notice.tsx';
import { FilterFields } from './filter-fields.tsx';
import { showSecret } from './shown-secret.tsx';
import { changeOf, webhookRequestOf } from './webhook-request-of.ts';

interface WebhookFormProps {
  /** The webhook to edit. Without it the form creates one, whose secret is shown afterwards. */
  readonly webhook?: Webhook;
  readonly onSaved: () => void;
  readonly onCancel: () => void;
}

const presetEvents: readonly string[] = ['call.completed', 'call.failed', 'call.cancelled'];

/** The form of a webhook. */
export function WebhookForm({ webhook: shown, onSaved, onCancel }: WebhookFormProps) {
  const [webhook] = useState(shown); // The page is loaded again and again, the form keeps what it has begun with.
  const save = async (values: FormData): Promise<void> => {
    if (webhook) {
      await api.changeWebhook(webhook.id, changeOf(values, webhook));
      notify('The webhook is changed');
    } else showSecret(await api.createWebhook(webhookRequestOf(values)));
    onSaved();
  };
  const isSet = (type: string): boolean => (webhook?.events ?? presetEvents).some((one) => one === type);
  return (
    <ActionForm action={webhook ? 'Save' : 'Create the webhook'} onCancel={onCancel} onSubmit={save}>
      <Field label="Name" hint="What it is for">
        <input name="name" required maxLength={128} autocomplete="off" defaultValue={webhook?.name ?? ''} />
      </Field>
      <Field
        label="URL"
        hint={
          webhook
            ? `Empty: it stays, at ${webhook.url}; path and query are not shown, since they may be secret`
            : 'Where events are sent; mailto:oncall@example.com sends mails. It may contain a secret; only its beginning is shown later'
        }
      >
        <input
          name="url"
          type="url"
          required={!webhook}
          maxLength={2_048}
          autocomplete="off"
          spellcheck={false}
          placeholder={webhook ? '' : 'https://crm.example.com/holdfast'}
        />
      </Field>
      <Field label="Written as" hint="What is sent to a mailto URL is a mail">
        <select name="format">
          {Object.entries(httpFormats).map(([name, words]) => (
            <option key={name} value={name} selected={name === webhook?.format}>
              {name}: {words}
            </option>
          ))}
        </select>
      </Field>
      <fieldset class="choices">
        <legend>Events</legend>
        {webhookEventTypes.map((type) => (
          <label key={type}>
            <input type="checkbox" name="event" value={type} defaultChecked={isSet(type)} />{' '}
            <strong>{type}</strong> <span class="hint">{webhookEvents[type]}</span>
          </label>
        ))}
      </fieldset>
      <details open={webhook !== undefined && hasFilter(webhook)}>
        <summary>Only some of them</summary>
        <FilterFields webhook={webhook} />
      </details>
      <fieldset class="choices">
        <legend>How</legend>
        <label>
          <input type="checkbox" name="include_content" defaultChecked={webhook?.include_content ?? false} />{' '}
          <strong>With content</strong>{' '}
          <span class="hint">prompt, answer and error text go to the receiver, too</span>
        </label>
        <label>
          <input type="checkbox" name="ordered" defaultChecked={webhook?.ordered ?? false} />{' '}
          <strong>In order</strong>{' '}
          <span class="hint">those of one session as its calls ended, about a minute later</span>
        </label>
      </fieldset>
    </ActionForm>
  );
}

function hasFilter({ agents, session_prefix: prefix, user_id: user, metadata }: Webhook): boolean {
  return [agents, prefix, user, metadata].some((one) => one !== null);
}
