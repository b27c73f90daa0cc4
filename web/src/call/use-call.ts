import { useRef, useState } from 'preact/hooks';
import type { CallEnd, CallEvent } from '../../../src/contract/call-events.ts';
import type { CallDescription } from '../../../src/contract/calls.ts';
import { api } from '../api.ts';
import type { Problem } from '../http.ts';
import { useLoaded } from '../live/use-loaded.ts';
import { useStream, type StreamState } from '../live/use-stream.ts';
import { segment } from '../urls.ts';

const eventNames: readonly (CallEvent | CallEnd)['type'][] = [
  'accepted',
  'queued',
  'turn_granted',
  'attempt_started',
  'attempt_failed',
  'failover',
  'answered',
  'failed',
  'cancelled',
  'end',
];

interface FollowedCall {
  readonly call: CallDescription | undefined;
  readonly problem: Problem | undefined;
  readonly events: readonly CallEvent[];
  readonly state: StreamState;
  readonly reload: () => void;
}

/** Loads a call and follows its events live. While the call runs, each event causes the call to be read again. */
export function useCall(id: string): FollowedCall {
  const { value, problem, reload } = useLoaded(id, () => api.call(id));
  // Keyed by event id, because a reconnect may deliver events twice.
  const [events, setEvents] = useState<{ id: string; byId: ReadonlyMap<string, CallEvent> }>();
  const running = useRef(true);
  running.current = value?.status === 'running' || value?.status === undefined;

  const { state } = useStream(value && `/calls/${segment(id)}/events`, eventNames, (name, data, eventId) => {
    if (running.current) void reload();
    if (name === 'end') return;
    const event = data as CallEvent;
    setEvents((before) => {
      const known = before?.id === id ? before.byId : [];
      return { id, byId: new Map([...known, [eventId || `${event.at} ${name}`, event]]) };
    });
  });
  const seen = events?.id === id ? [...events.byId.values()] : [];
  return { call: value, problem, events: seen, state, reload: () => void reload() };
}
