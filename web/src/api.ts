/** Every request that the desk makes, by name. */
import { isDots, queryString, segment, send } from './http.ts';
import type {
  Agent,
  Call,
  CallSummary,
  CallStatus,
  Health,
  ImportReport,
  ListedNode,
  Probe,
  Session,
} from './wire.ts';
import type { Batch, BatchProgress, DryRun, Overrides, WhatIf } from './wire-replays.ts';

export type FilterValues = Readonly<Record<string, string | undefined>>;
interface CallPage {
  readonly calls: readonly CallSummary[];
  readonly next_cursor: string | null;
}
interface BatchOrder {
  readonly filter: FilterValues;
  readonly overrides?: Overrides;
  readonly rate_per_second?: number;
  readonly max_in_flight?: number;
}

export const api = {
  calls: (filter: FilterValues, cursor?: string) =>
    send<CallPage>('GET', `/calls${queryString({ ...filter, cursor, limit: 50 })}`),
  call: (id: string) => send<Call>('GET', `/calls/${segment(id)}`),
  whatIf: (id: string) => send<WhatIf>('GET', `/calls/${segment(id)}/what-if`),
  cancel: (id: string) => send<{ status: CallStatus }>('POST', `/calls/${segment(id)}/cancel`),
  rerun: (id: string, overrides: Overrides, key: string) =>
    send<{ call_id: string; attached: boolean }>('POST', `/calls/${segment(id)}/rerun`, overrides, key),

  batches: (cursor?: string) =>
    send<{ batches: readonly BatchProgress[]; next_cursor: string | null }>(
      'GET',
      `/reruns${queryString({ cursor, limit: 50 })}`,
    ),
  batch: (id: string) => send<Batch>('GET', `/reruns/${segment(id)}`),
  dryRun: (order: BatchOrder) => send<DryRun>('POST', '/reruns', { ...order, dry_run: true }),
  startBatch: (order: BatchOrder, key: string) => send<{ batch_id: string }>('POST', '/reruns', order, key),
  cancelBatch: (id: string) => send('POST', `/reruns/${segment(id)}/cancel`),

  agents: () => send<{ agents: readonly Agent[] }>('GET', '/agents'),
  healths: () => send<{ agents: readonly Health[] }>('GET', '/health?details=true'),
  register: (agent: object) =>
    send<{ agent_name: string; warnings: readonly string[] }>('POST', '/register', agent),
  removeAgent: (name: string) =>
    send('DELETE', isDots(name) ? `/agents${queryString({ id: name })}` : `/agents/${segment(name)}`),
  resetCircuit: (name: string) => send<Health>('POST', `/health/${segment(name)}/reset`),
  probe: (name: string) => send<Probe>('POST', `/health/${segment(name)}/probe`),

  nodes: () => send<{ nodes: readonly ListedNode[] }>('GET', '/nodes'),

  sessions: (cursor?: string) =>
    send<{ sessions: readonly { session_id: string }[]; next_cursor: string | null }>(
      'GET',
      `/sessions${queryString({ cursor, limit: 200 })}`,
    ),
  // By ?id=: not every id can be a part of the path.
  session: (id: string) => send<Session>('GET', `/sessions${queryString({ id })}`),
  removeSession: (id: string, calls: boolean) =>
    send('DELETE', `/sessions${queryString({ id, calls: String(calls) })}`),
  importSessions: (file: Blob) => send<ImportReport>('POST', '/sessions/import', file),
};
