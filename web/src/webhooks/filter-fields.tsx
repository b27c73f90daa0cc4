import type { Webhook } from '../../../src/contract/webhooks.ts';
import { Field } from '../ui/field.tsx';
import { filterTexts } from './webhook-request-of.ts';

/** The fields that limit what a webhook gets. An empty field does not limit. */
export function FilterFields({ webhook }: { webhook: Webhook | undefined }) {
  const texts = filterTexts(webhook);
  return (
    <div class="stack">
      <Field label="Agents" hint="The agents that callers named, one per line; * stands for any characters">
        <textarea name="agents" rows={2} spellcheck={false} placeholder="pm-*" defaultValue={texts.agents} />
      </Field>
      <div class="columns">
        <Field label="Session id begins with" hint="Only events of calls">
          <input
            name="session_prefix"
            maxLength={128}
            autocomplete="off"
            spellcheck={false}
            defaultValue={texts.session_prefix}
          />
        </Field>
        <Field label="User" hint="Only events of calls">
          <input
            name="user_id"
            maxLength={128}
            autocomplete="off"
            spellcheck={false}
            defaultValue={texts.user_id}
          />
        </Field>
      </div>
      <Field label="Metadata of the call" hint='name=value, one per line; 2 is a number, "2" a text'>
        <textarea
          name="metadata"
          rows={2}
          spellcheck={false}
          placeholder="channel=web"
          defaultValue={texts.metadata}
        />
      </Field>
    </div>
  );
}
