import type { Alert } from '../../../src/contract/alerts.ts';
import { showsAllProjects } from '../access/project.ts';
import { api } from '../api.ts';
import { words } from '../format.ts';
import { ConfirmButton } from '../ui/confirm-button.tsx';
import { Field } from '../ui/field.tsx';
import { formText } from '../ui/form-text.ts';
import { notify } from '../ui/notice.tsx';
import { Time } from '../ui/time.tsx';
import { SilenceButton } from './silence-button.tsx';

interface AlertCardProps {
  readonly of: Alert;
  readonly mayChange: boolean;
  readonly onChange: () => void;
}

/** One occurrence: what is wrong, since when, and who takes care of it. */
export function AlertCard({ of, mayChange, onChange }: AlertCardProps) {
  const { condition, severity, subject, summary, project } = of;
  const title = subject === '' ? words(condition) : `${words(condition)}: ${subject}`;
  return (
    <article class="panel" aria-label={`${title}, ${of.state}`}>
      <div class="panel-head">
        <h3>{title}</h3>
        <span class={`tag ${severity}`}>{severity}</span>
        {of.silenced_until !== null && <span class="tag">silenced</span>}
        {showsAllProjects() && <span class="tag">{project}</span>}
      </div>
      <p>{summary}</p>
      <AlertTimes of={of} />
      {mayChange && (
        <div class="actions">
          <AcknowledgeButton of={of} about={title} onChange={onChange} />
          <SilenceButton label="Silence" of={of} about={title} onChange={onChange} />
        </div>
      )}
    </article>
  );
}

function AlertTimes({ of: { fired_at, resolved_at, silenced_until, acknowledged, runbook } }: { of: Alert }) {
  return (
    <dl class="facts">
      <dt>Fired</dt>
      <dd>
        <Time at={fired_at} />
      </dd>
      {resolved_at !== null && <dt>Over</dt>}
      {resolved_at !== null && (
        <dd>
          <Time at={resolved_at} />
        </dd>
      )}
      {silenced_until !== null && <dt>Silenced until</dt>}
      {silenced_until !== null && (
        <dd>
          <Time at={silenced_until} />
        </dd>
      )}
      {acknowledged && <dt>Acknowledged</dt>}
      {acknowledged && (
        <dd>
          <Time at={acknowledged.at} /> by {acknowledged.by}
          {acknowledged.note !== '' && `: ${acknowledged.note}`}
        </dd>
      )}
      <dt>What to do</dt>
      <dd class="mono">{runbook}</dd>
    </dl>
  );
}

interface AcknowledgeButtonProps {
  readonly of: Alert;
  readonly about: string;
  readonly onChange: () => void;
}

function AcknowledgeButton({ of: { id }, about, onChange }: AcknowledgeButtonProps) {
  const acknowledge = async (values: FormData): Promise<void> => {
    await api.acknowledgeAlert(id, formText(values, 'note'));
    notify('The alert is acknowledged');
    onChange();
  };
  return (
    <ConfirmButton
      label="Acknowledge"
      about={about}
      title="Acknowledge this alert?"
      action="Acknowledge it"
      onConfirm={acknowledge}
    >
      <p>Others see that you take care of it. It stays active until what is wrong is over.</p>
      <Field label="Note">
        <input name="note" maxLength={500} autocomplete="off" />
      </Field>
    </ConfirmButton>
  );
}
