import type { LimitsOnWire, ProjectLimits, ProjectLimitsRequest } from '../../../src/contract/limits.ts';
import { AgentsField, agentsIn } from './agents-field.tsx';
import { ConfirmButton } from './confirm-button.tsx';
import { LimitFields, limitsIn } from './limit-fields.tsx';

interface LimitsButtonProps {
  /** The name of the key or project. */
  readonly of: string;
  /** Those of a project say which agents it may call, too. */
  readonly limits: LimitsOnWire | ProjectLimits;
  readonly onSave: (limits: ProjectLimitsRequest) => Promise<void>;
}

/** A button that changes the limits of a key or project. */
export function LimitsButton({ of, limits, onSave }: LimitsButtonProps) {
  return (
    <ConfirmButton
      label="Limits"
      about={`of ${of}`}
      title={`Limits of ${of}`}
      action="Save the limits"
      onConfirm={(values) => {
        const agents = agentsIn(values);
        return onSave({ ...limitsIn(values), ...(agents.length > 0 && { agents }) });
      }}
    >
      <p>What is beyond a limit is refused before anything is accepted. All nodes follow within 2 s.</p>
      <LimitFields limits={limits} />
      {'agents' in limits && <AgentsField agents={limits.agents ?? []} />}
    </ConfirmButton>
  );
}
