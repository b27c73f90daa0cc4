/** Which statuses of agents have changed, as the workflow `agentHealth` has noted them once for the cluster. */
import type { ToldChange } from '../../domain/feed-event.ts';
import { agentHealthId } from '../../domain/ids.ts';
import { noteStatesSignal, stateChangesQuery, type NewStateChanges } from '../../workflows/messages.ts';
import { rpc, rpcTimeoutMs, type Temporal } from '../temporal/rpc.ts';

/**
 * Methods throw the refusal `temporal_unavailable` if Temporal does not answer, and an error of the SDK if the workflow does
 * not run.
 */
export class AgentStates {
  private readonly temporal: Temporal;

  constructor(temporal: Temporal) {
    this.temporal = temporal;
  }

  /** Returns the changes after `told`, or all that are kept. Needs a worker. */
  changes(told: ToldChange | undefined): Promise<NewStateChanges> {
    return rpc(this.temporal, rpcTimeoutMs.read, () => this.handle().query(stateChangesQuery, told));
  }

  /** Makes the workflow note which statuses have changed although nothing happened. */
  async note(): Promise<void> {
    await rpc(this.temporal, rpcTimeoutMs.write, () => this.handle().signal(noteStatesSignal));
  }

  private handle() {
    return this.temporal.client.workflow.getHandle(agentHealthId);
  }
}
