import { useState } from 'preact/hooks';
import type { CallSummary } from '../../../src/contract/calls.ts';
import { may, mayRerun } from '../access/may.ts';
import { api } from '../api.ts';
import { plural } from '../format.ts';
import { CallLink } from '../ui/call-link.tsx';
import { ManyDialog } from './many-dialog.tsx';
import { rerunOnce } from './rerun-once.ts';
import type { Choice } from './use-choice.ts';

/** What can be done with the calls that are chosen: the ended ones can be rerun, the running ones cancelled. */
export function ChosenBar({ choice }: { choice: Choice }) {
  // The calls are held from the click on, because a call that ends meanwhile is no longer to be cancelled.
  const [work, setWork] = useState<{ readonly rerun: boolean; readonly calls: readonly CallSummary[] }>();
  const all = [...choice.chosen.values()];
  const running = may('operate') ? all.filter(({ status }) => status === 'running') : [];
  const ended = all.filter(({ status, asked }) => status !== 'running' && mayRerun(asked));
  const close = (): void => {
    setWork(undefined);
    choice.clear();
  };
  return (
    <section class="chosen" aria-label="Chosen calls">
      <strong role="status">{plural(all.length, 'call')} chosen</strong>
      {ended.length > 0 && (
        <button type="button" class="primary" onClick={() => setWork({ rerun: true, calls: ended })}>
          Rerun {ended.length}
        </button>
      )}
      {running.length > 0 && (
        <button type="button" onClick={() => setWork({ rerun: false, calls: running })}>
          Cancel {running.length}
        </button>
      )}
      <button type="button" onClick={choice.clear}>
        Choose none
      </button>
      {work?.rerun === true && (
        <ManyDialog
          title={`Rerun ${plural(work.calls.length, 'call')}?`}
          action={`Rerun ${plural(work.calls.length, 'call')}`}
          calls={work.calls}
          work={rerun}
          onClose={() => setWork(undefined)}
          onDone={close}
        >
          Each starts a new call with the same request, linked to the old one, the oldest first. Agents are
          asked as they are registered now.
        </ManyDialog>
      )}
      {work?.rerun === false && (
        <ManyDialog
          title={`Cancel ${plural(work.calls.length, 'call')}?`}
          action={`Cancel ${plural(work.calls.length, 'call')}`}
          danger
          calls={work.calls}
          work={cancel}
          onClose={() => setWork(undefined)}
          onDone={close}
        >
          Requests in flight to agents are aborted at once. The calls end as cancelled.
        </ManyDialog>
      )}
    </section>
  );
}

async function rerun(call: CallSummary) {
  const { call_id: id, attached } = await rerunOnce(call.call_id);
  return (
    <>
      {attached ? 'was already rerun as ' : 'rerun as '}
      <CallLink id={id} />
    </>
  );
}

async function cancel(call: CallSummary) {
  await api.cancel(call.call_id);
  return <>cancellation requested</>;
}
