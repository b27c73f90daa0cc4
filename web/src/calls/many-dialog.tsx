import type { ComponentChildren } from 'preact';
import type { CallSummary } from '../../../src/contract/calls.ts';
import { plural } from '../format.ts';
import { CallLink } from '../ui/call-link.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { useEach, type Result } from './use-each.ts';

interface ManyDialogProps {
  readonly title: string;
  /** The label of the button that begins. */
  readonly action: string;
  readonly danger?: boolean;
  readonly calls: readonly CallSummary[];
  /** Does it with one call and returns what to say about it. Throws `Problem`. */
  readonly work: (call: CallSummary) => Promise<ComponentChildren>;
  /** Called when the dialog is closed before anything was done. */
  readonly onClose: () => void;
  /** Called when it is closed after something was done. */
  readonly onDone: () => void;
  /** What will happen. */
  readonly children: ComponentChildren;
}

/** Asks whether to do something with several calls, does it one by one, and shows the progress and the result of each. */
export function ManyDialog(props: ManyDialogProps) {
  const { title, action, danger = false, calls, work, onClose, onDone, children } = props;
  const { results, working, start, stop } = useEach(work);
  const sorted = calls.toSorted((a, b) => a.started_at.localeCompare(b.started_at));
  const failed = sorted.filter(({ call_id: id }) => isProblem(results.get(id)));
  const left = sorted.filter(({ call_id: id }) => !results.has(id) || isProblem(results.get(id)));
  const begun = working || results.size > 0;
  return (
    <Dialog title={title} onClose={begun ? onDone : onClose} insists={working}>
      {!begun && <p>{children}</p>}
      {begun && (
        <>
          <progress aria-label="Progress" max={calls.length} value={results.size} />
          <p role="status">
            {`${results.size} of ${calls.length} done`}
            {failed.length > 0 && `, ${plural(failed.length, 'was', 'were')} refused`}
          </p>
          <Results calls={sorted} results={results} />
        </>
      )}
      <div class="actions end">
        {working && (
          <button type="button" onClick={stop}>
            Stop
          </button>
        )}
        {!working && (
          <button type="button" onClick={begun ? onDone : onClose}>
            {begun ? 'Close' : 'Keep as it is'}
          </button>
        )}
        {!working && left.length > 0 && (
          <button type="button" class={danger ? 'danger' : 'primary'} onClick={() => start(left)}>
            {begun ? `Try the other ${left.length}` : action}
          </button>
        )}
      </div>
    </Dialog>
  );
}

const isProblem = (result: Result | undefined): boolean => result !== undefined && 'problem' in result;

interface ResultsProps {
  readonly calls: readonly CallSummary[];
  readonly results: ReadonlyMap<string, Result>;
}

function Results({ calls, results }: ResultsProps) {
  return (
    <ul class="sample results" aria-label="Results" tabIndex={0}>
      {calls.map(({ call_id: id, asked }) => {
        const result = results.get(id);
        return (
          <li key={id}>
            <CallLink id={id} /> {asked} {result && 'done' in result && result.done}
            {result && 'problem' in result && <span class="error-text">{result.problem.message}</span>}
            {!result && <span class="hint">not yet</span>}
          </li>
        );
      })}
    </ul>
  );
}
