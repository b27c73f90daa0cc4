/** Counts the events and workflow tasks that one call leaves in Temporal. They have no noise, so they are the most exact figures of a run. */
import { setTimeout as pass } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import proto from '@temporalio/proto';
import { sessionWorkflowId } from '../src/domain/ids.ts';
import type { HistoryCounts } from './subject.ts';

const { EventType } = proto.temporal.api.enums.v1;
/** The number of calls of the session that is measured: so few that the session does not continue as new meanwhile. */
const turns = 4;
/** How often a session's history is read until it stays the same. A session is told of its last call only after 3 s. */
const settledMs = 100;
const ofTasks: readonly unknown[] = [
  EventType.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED,
  EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED,
  EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED,
  EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED,
  EventType.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT,
];

type Counts = Pick<HistoryCounts, 'events' | 'workflowTasks'>;

export class Histories {
  private readonly connection: Connection;

  constructor(address: string) {
    this.connection = Connection.lazy({ address });
  }

  async of(workflowId: string, namespace = 'default'): Promise<Counts> {
    return countsOf(await this.events(workflowId, namespace));
  }

  /**
   * Returns what a call adds to its session's history, as the mean over a few calls in a separate session, each of which follows
   * at once.
   */
  async addedToSession(
    sessionId: string,
    namespace: string,
    callOnce: () => Promise<unknown>,
  ): Promise<Counts> {
    await callOnce();
    const before = await this.settled(sessionWorkflowId(sessionId), namespace);
    for (let turn = 0; turn < turns; turn++) await callOnce();
    const after = await this.settled(sessionWorkflowId(sessionId), namespace);
    return {
      events: (after.events - before.events) / turns,
      workflowTasks: (after.workflowTasks - before.workflowTasks) / turns,
    };
  }

  close(): Promise<void> {
    return this.connection.close();
  }

  /** Returns the counts of a workflow once it has no task to do. */
  private async settled(workflowId: string, namespace: string): Promise<Counts> {
    for (;;) {
      const events = await this.events(workflowId, namespace);
      await pass(settledMs);
      const later = await this.events(workflowId, namespace);
      // An update adds events after those of its task.
      const lastOfTask = later.findLast((type) => ofTasks.includes(type));
      const idle = lastOfTask === EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED;
      if (idle && later.length === events.length) return countsOf(later);
    }
  }

  private async events(workflowId: string, namespace: string) {
    const client = new Client({ connection: this.connection, namespace });
    const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
    return (events ?? []).map(({ eventType }) => eventType);
  }
}

function countsOf(events: readonly unknown[]): Counts {
  const completed = events.filter((type) => type === EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED);
  return { events: events.length, workflowTasks: completed.length };
}
