import type { Alert } from '../../../src/contract/alerts.ts';
import { alertConditionNames, type AlertCondition } from '../../../src/domain/alert.ts';
import { api } from '../api.ts';
import { words } from '../format.ts';
import { ConfirmButton } from '../ui/confirm-button.tsx';
import { Field } from '../ui/field.tsx';
import { formText } from '../ui/form-text.ts';
import { notify } from '../ui/notice.tsx';

interface SilenceButtonProps {
  readonly label: string;
  /** The alert that it is about. Without it the form asks for condition and agent. */
  readonly of?: Alert;
  readonly about?: string;
  readonly onChange: () => void;
}

const durations = [
  [1_800, '30 minutes'],
  [7_200, '2 hours'],
  [28_800, '8 hours'],
  [86_400, 'a day'],
  [604_800, 'a week'],
] as const;

/** A button that silences alerts for some time. */
export function SilenceButton({ label, of, about, onChange }: SilenceButtonProps) {
  const silence = async (values: FormData): Promise<void> => {
    const [condition, agent] = [formText(values, 'condition'), formText(values, 'agent')];
    const what = of
      ? { condition: of.condition, subject: of.subject }
      : {
          ...(condition !== '' && { condition: condition as AlertCondition }),
          ...(agent !== '' && { agent }),
        };
    const for_seconds = Number(formText(values, 'for'));
    await api.silenceAlerts({ ...what, for_seconds, reason: formText(values, 'reason') });
    notify('These alerts are silenced');
    onChange();
  };
  return (
    <ConfirmButton
      label={label}
      {...(about !== undefined && { about })}
      title="Silence alerts?"
      action="Silence them"
      onConfirm={silence}
    >
      <p>
        They stay listed, and nobody is told. What is still wrong when the silence ends is announced then.
      </p>
      {!of && (
        <Field label="Condition">
          <select name="condition">
            <option value="">every one</option>
            {alertConditionNames.map((name) => (
              <option key={name} value={name}>
                {words(name)}
              </option>
            ))}
          </select>
        </Field>
      )}
      {!of && (
        <Field label="Agent" hint="Blank: alerts about everything">
          <input name="agent" autocomplete="off" />
        </Field>
      )}
      <Field label="For">
        <select name="for">
          {durations.map(([seconds, text]) => (
            <option key={seconds} value={seconds}>
              {text}
            </option>
          ))}
        </select>
      </Field>
      <Field label="Reason">
        <input name="reason" maxLength={500} autocomplete="off" />
      </Field>
    </ConfirmButton>
  );
}
