/** What one call leaves in Temporal: exact, whatever the machine does. */
import { Client, Connection } from '@temporalio/client';
import proto from '@temporalio/proto';
import type { Subject } from './subject.ts';

const { EVENT_TYPE_WORKFLOW_TASK_COMPLETED } = proto.temporal.api.enums.v1.EventType;

export interface Shape {
  readonly events: number;
  readonly workflowTasks: number;
}

export async function shapesOf(
  subjects: readonly Subject[],
  address: string,
): Promise<ReadonlyMap<string, Shape>> {
  const connection = await Connection.connect({ address });
  try {
    const { workflow } = new Client({ connection });
    const shapes = new Map<string, Shape>();
    for (const { name, sample } of subjects) {
      if (!sample) continue;
      const { events } = await workflow.getHandle(await sample()).fetchHistory();
      const tasks = events?.filter(({ eventType }) => eventType === EVENT_TYPE_WORKFLOW_TASK_COMPLETED) ?? [];
      shapes.set(name, { events: events?.length ?? 0, workflowTasks: tasks.length });
    }
    return shapes;
  } finally {
    await connection.close();
  }
}
