import type { Attempt, CallDescription, CallStatus } from '../../../src/contract/calls.ts';
import { AgentLink } from '../ui/agent-link.tsx';
import { CopyButton } from '../ui/copy-button.tsx';
import { Section } from '../ui/section.tsx';
import { LongText } from '../ui/long-text.tsx';
import { ErrorType } from '../ui/status.tsx';
import { TextBlock } from '../ui/text-block.tsx';

const titles: Partial<Record<CallStatus, string>> = { running: 'So far', cancelled: 'Cancelled' };

/** The answer of a call, or its error and the error of each agent. */
export function Outcome({ call }: { call: CallDescription }) {
  if (call.response !== null)
    return (
      <Section
        title="Answer"
        aside={
          <>
            <span class="hint">
              from {call.answered_by === null ? 'nobody' : <AgentLink name={call.answered_by} />}
            </span>
            <CopyButton text={call.response} about="the answer" />
          </>
        }
      >
        <TextBlock text={call.response} label="Answer" />
      </Section>
    );
  const failed = call.attempts
    .filter((attempt) => attempt.error !== null)
    .toSorted((a, b) => skipped(a) - skipped(b));
  const error = withoutLastError(call.error, failed.findLast(({ status }) => status === 'failed')?.error);
  return (
    <Section
      title={titles[call.status] ?? 'Error'}
      aside={
        call.error_type !== null && call.error_type !== call.status && <ErrorType of={call.error_type} />
      }
    >
      {error !== null && (
        <p class="error-text">
          <LongText text={error} label="The whole error" />
        </p>
      )}
      {failed.length > 0 && (
        <ul class="errors">
          {failed.map((attempt) => (
            <li key={attempt.agent}>
              <strong>
                <AgentLink name={attempt.agent} />
              </strong>{' '}
              {attempt.error_type === null ? (
                <span class="hint">skipped</span>
              ) : (
                <ErrorType of={attempt.error_type} />
              )}
              <p>
                <LongText text={attempt.error ?? ''} label={`The whole error of ${attempt.agent}`} />
              </p>
            </li>
          ))}
        </ul>
      )}
      {call.error === null && failed.length === 0 && <p class="hint">No answer and no failure yet.</p>}
    </Section>
  );
}

/** Sort key of an attempt: agents that were asked come before skipped ones, in the order of the chain. */
const skipped = (attempt: Attempt): number => Number(attempt.status === 'skipped');

/** Removes the last agent's error from the call's error, which ends with it, because the list of agents shows it too. */
function withoutLastError(error: string | null, last: string | null | undefined): string | null {
  if (error === last) return null;
  const ending = ` Last error: ${last ?? ''}`;
  return error?.endsWith(ending) && last ? error.slice(0, -ending.length) : error;
}
