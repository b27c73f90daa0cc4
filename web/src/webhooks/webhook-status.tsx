import type { Webhook } from '../../../src/contract/webhooks.ts';

const labels = {
  active: 'active',
  failing: 'failing',
  disabled: 'switched off',
  gone: 'gone: its receiver answered 410',
} satisfies Record<Webhook['status'], string>;

/** The status of a webhook, as a coloured dot and in words. */
export function WebhookStatus({ of: { status } }: { of: Webhook }) {
  return (
    <span class={`status status-${status}`}>
      <span class="dot" aria-hidden="true" />
      {labels[status]}
    </span>
  );
}
