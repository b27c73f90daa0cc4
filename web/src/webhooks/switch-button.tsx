import type { Webhook } from '../../../src/contract/webhooks.ts';
import { api } from '../api.ts';
import { ConfirmButton } from '../ui/confirm-button.tsx';
import { notify } from '../ui/notice.tsx';

/** A button that switches a webhook off or, if it is off, on. */
export function SwitchButton({ of: { id, name, status }, onChange }: { of: Webhook; onChange: () => void }) {
  const isOff = status === 'disabled' || status === 'gone';
  const turn = async (): Promise<void> => {
    await api.changeWebhook(id, { enabled: isOff });
    notify(`The webhook ${name} is switched ${isOff ? 'on' : 'off'}`);
    onChange();
  };
  return (
    <ConfirmButton
      key={String(isOff)}
      label={isOff ? 'Switch on' : 'Switch off'}
      about={name}
      title={isOff ? `Switch ${name} on?` : `Switch ${name} off?`}
      action={isOff ? 'Switch it on' : 'Switch it off'}
      onConfirm={turn}
    >
      {isOff ? (
        <p>Events that waited are sent at once.</p>
      ) : (
        <p>Nothing is sent until it is switched on again, not even what waits for its next try.</p>
      )}
    </ConfirmButton>
  );
}
