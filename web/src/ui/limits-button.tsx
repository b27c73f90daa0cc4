import type { Key, KeyRequest } from '../../../src/contract/keys.ts';
import { ConfirmButton } from './confirm-button.tsx';
import { LimitFields, limitsIn } from './limit-fields.tsx';

interface LimitsButtonProps {
  /** The name of the key or project. */
  readonly of: string;
  readonly limits: Key['limits'];
  readonly onSave: (limits: NonNullable<KeyRequest['limits']>) => Promise<void>;
}

/** A button that changes the limits of a key or project. */
export function LimitsButton({ of, limits, onSave }: LimitsButtonProps) {
  return (
    <ConfirmButton
      label="Limits"
      about={`of ${of}`}
      title={`Limits of ${of}`}
      action="Save the limits"
      onConfirm={(values) => onSave(limitsIn(values))}
    >
      <p>What is beyond a limit is refused before anything is accepted. All nodes follow within 2 s.</p>
      <LimitFields limits={limits} />
    </ConfirmButton>
  );
}
