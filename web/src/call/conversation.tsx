import type { Message } from '../../../src/contract/sessions.ts';
import { api } from '../api.ts';
import { plural } from '../format.ts';
import { sessionPage } from '../links.ts';
import { useLoaded } from '../live/use-loaded.ts';
import { Transcript } from '../sessions/transcript.tsx';
import { Section } from '../ui/section.tsx';

const messagesBefore = 4;
const messagesAfter = 2;

/** The messages of the session around this call's own. */
export function Conversation({ callId, sessionId }: { callId: string; sessionId: string }) {
  const { value } = useLoaded(sessionId, () => api.session(sessionId));
  if (!value) return null;
  const around = aroundCall(value.messages, callId);
  return (
    <Section title="Conversation" aside={<a href={sessionPage(sessionId)}>{allOf(value.messages.length)}</a>}>
      {around.length === 0 ? (
        <p class="hint">The session has no messages of this call yet.</p>
      ) : (
        <Transcript messages={around} marked={callId} />
      )}
    </Section>
  );
}

const allOf = (messages: number): string => `${messages === 1 ? '' : 'All '}${plural(messages, 'message')}`;

function aroundCall(messages: readonly Message[], callId: string): readonly Message[] {
  const own = messages.flatMap((message, index) => (message.call_id === callId ? [index] : []));
  const [first] = own;
  const last = own.at(-1);
  if (first === undefined || last === undefined) return [];
  return messages.slice(Math.max(0, first - messagesBefore), last + 1 + messagesAfter);
}
