import type { StreamState } from './use-stream.ts';

const labels: Record<StreamState, string> = {
  connecting: 'Connecting…',
  live: 'Live',
  reconnecting: 'Reconnecting…',
  ended: 'Ended',
  refused: 'Stopped',
};

/** Shows whether the page is updated live. Screen readers announce changes. */
export function StreamBadge({ state }: { state: StreamState }) {
  return (
    <span class={`stream stream-${state}`} role="status">
      <span class="dot" aria-hidden="true" />
      {labels[state]}
    </span>
  );
}
