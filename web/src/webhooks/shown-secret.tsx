import { signal } from '@preact/signals';
import type { ShownWebhook } from '../../../src/contract/webhooks.ts';
import { ShownOnce } from '../ui/shown-once.tsx';

/** Only in memory, and only until the dialog is closed. */
const shown = signal<ShownWebhook | undefined>(undefined);

/** Shows the secret of a new webhook, or its new secret, once. */
export function showSecret(webhook: ShownWebhook): void {
  shown.value = webhook;
}

/** The dialog of `showSecret`. The desk renders it once, so that it stays when a page ends. */
export function ShownSecret() {
  if (!shown.value) return null;
  const { name, secret } = shown.value;
  return (
    <ShownOnce
      title={`The secret of ${name}`}
      text={secret}
      about="the secret"
      warning="The receiver checks with it that what it gets comes from here. Whoever has lost it needs a new one (New secret)."
      onClose={() => {
        shown.value = undefined;
      }}
    />
  );
}
