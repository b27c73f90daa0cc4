import type { ComponentChildren } from 'preact';
import type { Message } from '../../../src/contract/sessions.ts';
import { CallLink } from '../ui/call-link.tsx';
import { LongText } from '../ui/long-text.tsx';
import { Time } from '../ui/time.tsx';

interface TranscriptProps {
  readonly messages: readonly Message[];
  /** The call whose messages are highlighted. */
  readonly marked?: string;
  /** How many messages the session has, if only its newest are shown. */
  readonly total?: number | undefined;
  /** Returns the buttons of a message. `number` is how many messages of the session are before it. */
  readonly actionsOf?: ((number: number) => ComponentChildren) | undefined;
}

/** The messages of a session, in their order. */
export function Transcript({ messages, marked, total = messages.length, actionsOf }: TranscriptProps) {
  const first = total - messages.length; // A key that a message keeps when older ones are added above it.
  return (
    <ol class="transcript">
      {messages.map((message, index) => (
        <li
          key={first + index}
          class={`message message-${message.role}`}
          aria-current={marked !== undefined && message.call_id === marked ? 'true' : undefined}
        >
          <div class="message-head">
            <strong>{message.agent ?? message.role}</strong>
            <Time at={message.timestamp} />
            {message.superseded_by !== undefined && <span class="tag">interrupted</span>}
            {message.failed && <span class="tag">left out of later turns</span>}
            {message.lost && <span class="tag failed">lost</span>}
            {message.call_id !== null && message.call_id !== marked && <CallLink id={message.call_id} />}
            {actionsOf?.(first + index)}
          </div>
          <div class="message-text">
            <LongText text={message.content} label="The whole message" />
          </div>
        </li>
      ))}
    </ol>
  );
}
