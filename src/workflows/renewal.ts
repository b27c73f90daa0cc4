import { workflowInfo } from '@temporalio/workflow';

/**
 * Decides when a session continues as new. The task of an update that is refused leaves no event, and a replay does not give it
 * to the workflow. So what such a task alone sees must not lead to commands: a history counts as long only once code that a
 * recorded event has woken finds it long.
 */
export class Renewal {
  private readonly atEvents: number;
  private readonly byRecord: boolean;
  private found = false;

  /** `byRecord` is false for older runs, which looked at the length of their history in every task. */
  constructor(atEvents: number, byRecord: boolean) {
    this.atEvents = atEvents;
    this.byRecord = byRecord;
  }

  get isDue(): boolean {
    return this.byRecord ? this.found : this.isLong();
  }

  /** Call this where a signal, an accepted update, a timer or the result of an activity continues the workflow. */
  note(): void {
    this.found ||= this.isLong();
  }

  private isLong(): boolean {
    const { continueAsNewSuggested, historyLength } = workflowInfo();
    return continueAsNewSuggested || historyLength >= this.atEvents;
  }
}
