import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { asProblem, type Problem } from '../http.ts';
import { ProblemBox } from './problem-box.tsx';

interface ActionFormProps {
  /** The label of the submit button. */
  readonly action: string;
  readonly danger?: boolean;
  /** Disables the submit button. */
  readonly disabled?: boolean;
  readonly onCancel?: () => void;
  /** Called on submit. If it throws, the form stays open and shows the problem. */
  readonly onSubmit: (values: FormData) => Promise<void>;
  readonly children?: ComponentChildren;
}

/** A form with a submit button, which is disabled while `onSubmit` runs. */
export function ActionForm(props: ActionFormProps) {
  const { action, danger = false, disabled = false, onCancel, onSubmit, children } = props;
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setProblem(undefined);
    try {
      await onSubmit(new FormData(event.currentTarget as HTMLFormElement));
    } catch (error) {
      setProblem(asProblem(error));
    }
    setBusy(false);
  };
  return (
    <form class="stack" onSubmit={(event) => void submit(event)}>
      {children}
      {problem && <ProblemBox problem={problem} />}
      <div class="actions end">
        {onCancel && (
          <button type="button" onClick={onCancel}>
            {danger ? 'Keep as it is' : 'Cancel'}
          </button>
        )}
        <button type="submit" class={danger ? 'danger' : 'primary'} disabled={disabled || busy}>
          {busy ? 'Working…' : action}
        </button>
      </div>
    </form>
  );
}
