/** What the log of endings has beside the endings of calls, without content. */
import type { AlertChange } from './alert-book.ts';
import type { BatchProgress } from './batch.ts';
import type { StateChange } from './state-changes.ts';

export type FeedEvent = BatchEnded | AgentStateChanged | AlertChanged;

/** Who is told of an event. */
interface Told {
  /** The ids of the webhooks that may want it. Absent if none does. */
  readonly for?: readonly string[];
}

/** A run of a batch of reruns has closed. A batch that somebody resets in the Web UI ends again, in another run. */
export interface BatchEnded extends Told {
  readonly type: 'batch.ended';
  readonly batchId: string;
  readonly runId: string;
  /** `cancelled` also if somebody has terminated it in Temporal. */
  readonly status: 'completed' | 'failed' | 'cancelled';
  /** Epoch ms, by Temporal's clock. */
  readonly startedAt: number;
  readonly endedAt: number;
  /** Without the page of calls on which a batch was cut off. */
  readonly progress: BatchProgress;
}

/** An agent has another status. `series` and `sequence` together are of one change only. */
export interface AgentStateChanged extends StateChange, Told {
  readonly type: 'agent.state_changed';
  /** The life of the workflow `agentHealth` that counted the change: with another one `sequence` begins at 1 again. */
  readonly series: string;
}

/** An alert has fired or resolved. `series` and `sequence` together are of one change only. */
export interface AlertChanged extends AlertChange, Told {
  /** The life of the workflow `alertBook` that counted the change. */
  readonly series: string;
}

/** The newest of some numbered changes that is in the log. */
export type ToldChange = Pick<AgentStateChanged, 'series' | 'sequence'>;

/** The newest changes of each kind that are in the log. Absent while nobody wants them, and from earlier versions. */
export interface ToldChanges {
  /** Of agents' statuses. */
  readonly told?: ToldChange | undefined;
  /** Of alerts. */
  readonly toldAlerts?: ToldChange | undefined;
}
