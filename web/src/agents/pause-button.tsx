import { useState } from 'preact/hooks';
import type { Agent, AgentPause } from '../../../src/contract/agents.ts';
import { maxReasonLength, type NewCalls } from '../../../src/domain/agent-pause.ts';
import { api } from '../api.ts';
import { when } from '../format.ts';
import { asProblem, type Problem } from '../http.ts';
import { timeZone } from '../time-zone.ts';
import { ConfirmButton } from '../ui/confirm-button.tsx';
import { Field } from '../ui/field.tsx';
import { formText } from '../ui/form-text.ts';
import { notify } from '../ui/notice.tsx';
import { ProblemBox } from '../ui/problem-box.tsx';
import { Time } from '../ui/time.tsx';

interface PauseButtonProps {
  readonly agent: Agent;
  readonly onChange: () => void;
}

const choices: readonly { readonly mode: NewCalls; readonly label: string; readonly hint: string }[] = [
  {
    mode: 'fall_back',
    label: 'Calls pass over it',
    hint: 'to its fallbacks; a call for which nobody is left is refused',
  },
  { mode: 'refuse', label: 'Calls that name it are refused', hint: 'others pass over it' },
  { mode: 'wait', label: 'Calls wait for it', hint: "at most for its share of each call's deadline" },
];

/** The choice that leaves the end of a pause as it is. */
const asItIs = 'as it is';
const durations = [
  ['', 'Until it is resumed'],
  ['15', '15 minutes'],
  ['60', '1 hour'],
  ['240', '4 hours'],
  ['1440', '1 day'],
] as const;

/** A button that takes an agent out of rotation, or changes how it is paused. */
export function PauseButton({ agent: { name, paused }, onChange }: PauseButtonProps) {
  const pause = async (values: FormData): Promise<void> => {
    const reason = formText(values, 'reason');
    const until = endIn(values, paused);
    await api.pauseAgent(name, {
      ...(reason !== '' && { reason }),
      ...(until !== undefined && { until }),
      new_calls: formText(values, 'new_calls') as NewCalls,
    });
    notify(`${name} is paused`);
    onChange();
  };
  return (
    <ConfirmButton
      label={paused ? 'Change pause…' : 'Pause…'}
      about={name}
      title={`Pause ${name}`}
      action="Pause it"
      onConfirm={pause}
    >
      <p>
        Requests that it has got end, and probes go on. Calls that have not reached it follow this choice as
        new ones do.
      </p>
      <fieldset class="choices">
        <legend>Calls</legend>
        {choices.map(({ mode, label, hint }) => (
          <label key={mode}>
            <input
              type="radio"
              name="new_calls"
              value={mode}
              defaultChecked={mode === (paused?.new_calls ?? 'fall_back')}
            />{' '}
            <strong>{label}</strong> <span class="hint">{hint}</span>
          </label>
        ))}
      </fieldset>
      <Field label="Reason" hint="Everyone who sees the agent reads it">
        <input name="reason" maxLength={maxReasonLength} defaultValue={paused?.reason ?? ''} />
      </Field>
      <div class="columns">
        <Field label="For">
          <select name="for">
            {paused && paused.until !== null && (
              <option value={asItIs}>As now: until {when(paused.until)}</option>
            )}
            {durations.map(([minutes, label]) => (
              <option key={minutes} value={minutes}>
                {label}
              </option>
            ))}
          </select>
        </Field>
        <Field label="Or until" hint={timeZone.value === 'utc' ? 'UTC' : 'Local time'}>
          <input name="until" type="datetime-local" />
        </Field>
      </div>
    </ConfirmButton>
  );
}

/** The end of the pause as an ISO time; undefined if it lasts until the agent is resumed. */
function endIn(values: FormData, paused: AgentPause | null): string | undefined {
  const until = formText(values, 'until');
  if (until !== '') return new Date(timeZone.value === 'utc' ? `${until}Z` : until).toISOString();
  const minutes = formText(values, 'for');
  if (minutes === asItIs) return paused?.until ?? undefined;
  return minutes === '' ? undefined : new Date(Date.now() + Number(minutes) * 60_000).toISOString();
}

/** A button that puts an agent back into rotation. That is what a pause is for, so it needs no confirmation. */
export function ResumeButton({ agent: { name }, onChange }: PauseButtonProps) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const resume = async (): Promise<void> => {
    setBusy(true);
    setProblem(undefined);
    try {
      await api.resumeAgent(name);
      notify(`${name} is in rotation`);
      onChange();
    } catch (error) {
      setProblem(asProblem(error));
    }
    setBusy(false);
  };
  return (
    <>
      <button
        type="button"
        class="primary"
        aria-label={`Resume ${name}`}
        disabled={busy}
        onClick={() => void resume()}
      >
        Resume
      </button>
      {problem && <ProblemBox problem={problem} />}
    </>
  );
}

const whatCallsDo: Readonly<Record<NewCalls, string>> = {
  fall_back: 'calls pass over it',
  refuse: 'calls that name it are refused',
  wait: 'calls wait for it',
};

/** Says how and why it is paused. */
export function PauseNote({ of: { since, until, reason, new_calls: mode, by } }: { of: AgentPause }) {
  return (
    <p class="wrap">
      Paused{by !== null && ` by ${by}`} since <Time at={since} />
      {until !== null && (
        <>
          {' until '}
          <Time at={until} />
        </>
      )}
      : {whatCallsDo[mode]}.{reason !== null && ` ${reason}`}
    </p>
  );
}
