import type { Silence } from '../../../src/contract/alerts.ts';
import { api } from '../api.ts';
import { words } from '../format.ts';
import { ConfirmButton } from '../ui/confirm-button.tsx';
import { notify } from '../ui/notice.tsx';
import { Section } from '../ui/section.tsx';
import { Time } from '../ui/time.tsx';

interface SilencesProps {
  readonly all: readonly Silence[];
  readonly mayChange: boolean;
  readonly onChange: () => void;
}

/** The silences that have not ended. */
export function Silences({ all, mayChange, onChange }: SilencesProps) {
  const end = async (id: string): Promise<void> => {
    await api.unsilence(id);
    notify('The silence is ended');
    onChange();
  };
  return (
    <Section title="Silences">
      {all.map((silence) => (
        <div key={silence.id} class="actions">
          <span>
            {aboutOf(silence)} until <Time at={silence.until} />, by {silence.by}
            {silence.reason !== '' && `: ${silence.reason}`}
          </span>
          {mayChange && (
            <ConfirmButton
              label="End"
              about={`the silence of ${aboutOf(silence)}`}
              title="End this silence?"
              action="End it"
              small
              onConfirm={() => end(silence.id)}
            >
              <p>What it keeps back and is still wrong is announced.</p>
            </ConfirmButton>
          )}
        </div>
      ))}
    </Section>
  );
}

function aboutOf({ condition, subject }: Silence): string {
  const what = condition === null ? 'Every alert' : words(condition);
  return subject === null ? what : `${what} about ${subject === '' ? 'the cluster' : subject}`;
}
