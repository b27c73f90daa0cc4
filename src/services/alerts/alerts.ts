/** The cluster's alerts, which a workflow holds (workflows/alert-book.ts). It runs once there was something to report. */
import { randomUUID } from 'node:crypto';
import type { Alert, Silence } from '../../domain/alert.ts';
import {
  isAnnouncementDue,
  isNews,
  noAlerts,
  type AlertReport,
  type AlertState,
  type NewSilence,
} from '../../domain/alert-book.ts';
import { Refusal } from '../../domain/failures.ts';
import type { ToldChange } from '../../domain/feed-event.ts';
import { alertBookId } from '../../domain/ids.ts';
import { CoalescedReads } from '../../lib/coalesced-reads.ts';
import type { alertBook } from '../../workflows/alert-book.ts';
import {
  acknowledgeAlertUpdate,
  alertChangesQuery,
  readAlertsQuery,
  reportAlertsUpdate,
  silenceAlertsUpdate,
  unsilenceAlertsUpdate,
  type AlertAcknowledgement,
  type NewAlertChanges,
} from '../../workflows/messages.ts';
import { describeWorkflow } from '../temporal/describe-workflow.ts';
import { ensureEntity, sendUpdate, type EntityUpdateLimit } from '../temporal/entity-updates.ts';
import { isNotFound, rpc, rpcTimeoutMs, type Temporal } from '../temporal/rpc.ts';

/** Every method may throw the refusal `temporal_unavailable`. */
export class Alerts {
  private readonly temporal: Temporal;
  private readonly updateLimit: EntityUpdateLimit;
  private readonly reads = new CoalescedReads<AlertState>();
  /** What was read last, with the run and the length of its history. */
  private copy: { readonly mark: string; readonly state: AlertState } = { mark: '', state: noAlerts };

  constructor(temporal: Temporal, updateLimit: EntityUpdateLimit) {
    this.temporal = temporal;
    this.updateLimit = updateLimit;
  }

  /** What was read last, without asking anybody. */
  get known(): AlertState {
    return this.copy.state;
  }

  /** Returns all alerts and silences. Takes one RPC if nothing has changed. */
  read(): Promise<AlertState> {
    return this.reads.read(alertBookId, () => this.readNow());
  }

  /** Returns the announcements after `told`, or all that are kept. Needs a worker, once there was an alert. */
  async changes(told: ToldChange | undefined): Promise<NewAlertChanges> {
    try {
      return await rpc(this.temporal, rpcTimeoutMs.read, () => this.handle().query(alertChangesQuery, told));
    } catch (error) {
      if (isNotFound(error)) return { series: '', sequence: 0, changes: [] };
      throw error;
    }
  }

  /**
   * Reports if that says something new, or if an announcement waits for a report. `now` is epoch ms; `known` is what was just
   * read.
   */
  async report(report: AlertReport, now: number, known?: AlertState): Promise<void> {
    const state = known ?? (await this.read());
    if (!isNews(state, report) && !isAnnouncementDue(state, now)) return;
    await this.ensure();
    await this.send((updateId) =>
      this.handle().executeUpdate(reportAlertsUpdate, { args: [report], updateId }),
    );
  }

  /** Throws the refusal `alert_not_found`. */
  async acknowledge(wish: AlertAcknowledgement): Promise<Alert> {
    try {
      return await this.send((updateId) =>
        this.handle().executeUpdate(acknowledgeAlertUpdate, { args: [wish], updateId }),
      );
    } catch (error) {
      if (!isNotFound(error)) throw error;
      throw new Refusal('alert_not_found', `Alert '${wish.id}' not found: there was none yet`, {
        cause: error,
      });
    }
  }

  /** Throws the refusal `silences_full`. */
  async silence(wish: Omit<NewSilence, 'id'>): Promise<Silence> {
    await this.ensure();
    const id = `si${randomUUID().replaceAll('-', '').slice(0, 20)}`;
    return this.send((updateId) =>
      this.handle().executeUpdate(silenceAlertsUpdate, { args: [{ ...wish, id }], updateId }),
    );
  }

  /** Ends a silence. Throws the refusal `silence_not_found`. */
  async unsilence(id: string, project: string): Promise<Silence> {
    try {
      return await this.send((updateId) =>
        this.handle().executeUpdate(unsilenceAlertsUpdate, { args: [id, project], updateId }),
      );
    } catch (error) {
      if (!isNotFound(error)) throw error;
      throw new Refusal('silence_not_found', `Silence '${id}' not found: there was none yet`, {
        cause: error,
      });
    }
  }

  private async readNow(): Promise<AlertState> {
    const book = await describeWorkflow(this.temporal, alertBookId);
    // One that somebody has ended in Temporal is begun anew by the next report.
    if (book?.status.name !== 'RUNNING') {
      this.copy = { mark: '', state: noAlerts };
      return noAlerts;
    }
    const mark = `${book.runId} ${book.historyLength}`;
    if (this.copy.mark !== mark) {
      const state = await rpc(this.temporal, rpcTimeoutMs.read, () => this.handle().query(readAlertsQuery));
      this.copy = { mark, state };
    }
    return this.copy.state;
  }

  private ensure(): Promise<void> {
    return ensureEntity(this.temporal, 'alertBook' satisfies typeof alertBook.name, alertBookId, [noAlerts]);
  }

  private send<T>(send: (updateId: string) => Promise<T>): Promise<T> {
    const updateId = randomUUID();
    return this.updateLimit.run(alertBookId, () =>
      rpc(this.temporal, rpcTimeoutMs.write, () => sendUpdate(() => send(updateId))),
    );
  }

  private handle() {
    return this.temporal.client.workflow.getHandle(alertBookId);
  }
}
