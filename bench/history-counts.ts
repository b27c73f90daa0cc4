/** Counts the events that one call leaves in Temporal. They have no noise, so they are the most exact figures of a run. */
import { setTimeout as pass } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import proto from '@temporalio/proto';
import { sessionWorkflowId } from '../src/domain/ids.ts';
import type { HistoryCounts } from './subject.ts';

const { EventType } = proto.temporal.api.enums.v1;
/** The number of calls of the session that is measured: so few that the session does not continue as new meanwhile. */
const turns = 4;

export class Histories {
  private readonly connection: Connection;

  constructor(address: string) {
    this.connection = Connection.lazy({ address });
  }

  async of(workflowId: string, namespace = 'default'): Promise<HistoryCounts> {
    const events = await this.events(workflowId, namespace);
    const completed = events.filter((type) => type === EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED);
    return { events: events.length, workflowTasks: completed.length };
  }

  /**
   * Returns the number of events that a call adds to its session's history, as the mean over a few calls in a separate session.
   */
  async addedToSession(
    sessionId: string,
    namespace: string,
    callOnce: () => Promise<unknown>,
  ): Promise<number> {
    await callOnce();
    const before = await this.settled(sessionWorkflowId(sessionId), namespace);
    for (let turn = 0; turn < turns; turn++) await callOnce();
    return ((await this.settled(sessionWorkflowId(sessionId), namespace)) - before) / turns;
  }

  close(): Promise<void> {
    return this.connection.close();
  }

  /** Returns the number of events of a workflow once it has nothing left to do. */
  private async settled(workflowId: string, namespace: string): Promise<number> {
    for (;;) {
      const events = await this.events(workflowId, namespace);
      await pass(100);
      const later = await this.events(workflowId, namespace);
      const idle = later.at(-1) === EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED;
      if (idle && later.length === events.length) return later.length;
    }
  }

  private async events(workflowId: string, namespace: string) {
    const client = new Client({ connection: this.connection, namespace });
    const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
    return (events ?? []).map(({ eventType }) => eventType);
  }
}
