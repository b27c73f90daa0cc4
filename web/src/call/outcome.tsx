import { Section } from '../ui/section.tsx';
import { ErrorType } from '../ui/status.tsx';
import { TextBlock } from '../ui/text-block.tsx';
import type { Call } from '../wire.ts';

/** The answer, or what each agent failed with. */
export function Outcome({ call }: { call: Call }) {
  if (call.response !== null)
    return (
      <Section title="Answer" aside={<span class="hint">from {call.answered_by}</span>}>
        <TextBlock text={call.response} label="Answer" />
      </Section>
    );
  const failed = call.attempts.filter((attempt) => attempt.error !== null);
  return (
    <Section
      title={call.status === 'running' ? 'So far' : 'Error'}
      aside={call.error_type !== null && <ErrorType of={call.error_type} />}
    >
      {call.error !== null && <p class="error-text">{call.error}</p>}
      {failed.length > 0 && (
        <ul class="errors">
          {failed.map((attempt) => (
            <li key={attempt.agent}>
              <strong>{attempt.agent}</strong>{' '}
              {attempt.error_type === null ? (
                <span class="hint">skipped</span>
              ) : (
                <ErrorType of={attempt.error_type} />
              )}
              <p>{attempt.error}</p>
            </li>
          ))}
        </ul>
      )}
      {call.error === null && failed.length === 0 && <p class="hint">No answer and no failure yet.</p>}
    </Section>
  );
}
