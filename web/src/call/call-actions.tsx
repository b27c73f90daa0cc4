import type { CallDescription } from '../../../src/contract/calls.ts';
import { api } from '../api.ts';
import { may, mayRerun } from '../access/may.ts';
import { apiLink } from '../links.ts';
import { segment } from '../urls.ts';
import { ConfirmButton } from '../ui/confirm-button.tsx';
import { notify } from '../ui/notice.tsx';
import { RerunButton } from './rerun-button.tsx';

/** The links and buttons of a call: Web UI, export, cancel, callback, rerun. */
export function CallActions({ call, onChange }: { call: CallDescription; onChange: () => void }) {
  const { call_id: id, status } = call;
  const cancel = async (): Promise<void> => {
    await api.cancel(id);
    notify('Cancellation requested');
    onChange();
  };
  const sendCallback = async (): Promise<void> => {
    await api.sendCallback(id);
    notify('The callback is sent again');
    onChange();
  };
  return (
    <>
      {call.web_ui_url !== null && (
        <a class="button" href={call.web_ui_url} target="_blank" rel="noreferrer">
          Temporal Web UI
        </a>
      )}
      <a class="button" href={apiLink(`/calls/${segment(id)}/history`)} download={`${id}.json`}>
        Export history
      </a>
      {status === 'running' && may('operate') && (
        <ConfirmButton
          label="Cancel"
          title="Cancel this call?"
          action="Cancel the call"
          danger
          onConfirm={cancel}
        >
          <p>A request in flight to an agent is aborted at once. The call ends as cancelled.</p>
        </ConfirmButton>
      )}
      {call.callback !== null && call.callback !== 'pending' && may('operate') && (
        <ConfirmButton
          label="Send callback again"
          title="Send the callback of this call again?"
          action="Send it again"
          onConfirm={sendCallback}
        >
          <p>The receiver gets the event of how the call ended with the id that it had.</p>
        </ConfirmButton>
      )}
      {mayRerun(call.asked) && <RerunButton call={call} />}
    </>
  );
}
