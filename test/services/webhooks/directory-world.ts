/** A simulated Temporal with the directory of webhooks, for tests of who reads it. */
import type { Webhook } from '../../../src/domain/webhook.ts';
import { EntityUpdateLimit } from '../../../src/services/temporal/entity-updates.ts';
import { temporalUnavailable, type Temporal } from '../../../src/services/temporal/rpc.ts';
import { WebhookDirectory } from '../../../src/services/webhooks/webhook-directory.ts';

export const webhook: Webhook = {
  id: 'wh1',
  name: 'CRM',
  url: 'sealed',
  shownUrl: 'https://crm.example/',
  events: ['call.completed', 'agent.state_changed'],
  filter: {},
  createdAt: 0,
  fromSegment: 1,
  secrets: [{ sealed: 'secret' }],
};

export class DirectoryWorld {
  /** `none`: it was never started. `mute`: it runs, and answers no query. */
  state: 'running' | 'mute' | 'ended' | 'none' = 'running';
  webhooks: readonly Webhook[] = [webhook];
  describes = 0;
  starts = 0;
  /** The signals that were sent, each as its workflow, name and arguments. */
  readonly signals: string[] = [];
  /** The redeliveries that were asked for. */
  readonly jobs: unknown[] = [];
  /** The workflows that take no signal. */
  readonly refused = new Set<string>();
  readonly temporal: Temporal;
  readonly directory: WebhookDirectory;

  constructor() {
    const workflow = {
      getHandle: () => ({
        describe: () => this.describe(),
        query: () => this.query(),
        executeUpdate: (_update: unknown, { args }: { args: unknown[] }) => this.update(args),
      }),
      executeUpdateWithStart: (_update: unknown, { args }: { args: unknown[] }) =>
        Promise.resolve(this.jobs.push(...args)),
      start: () => Promise.resolve((this.starts += 1)),
      signalWithStart: (
        _type: string,
        { workflowId, signal, signalArgs }: { workflowId: string; signal: string; signalArgs: unknown[] },
      ) => this.signal([workflowId, signal, ...signalArgs].join(' ')),
    };
    const withDeadline = <T>(_at: number, call: () => Promise<T>): Promise<T> => call();
    this.temporal = {
      client: { workflow, withDeadline },
      namespace: 'default',
      taskQueue: 'q',
    } as unknown as Temporal;
    this.directory = new WebhookDirectory(this.temporal, new EntityUpdateLimit(), 10);
  }

  private describe() {
    this.describes += 1;
    if (this.state === 'none') return Promise.reject(Object.assign(new Error('not found'), notFound));
    const status = { name: this.state === 'ended' ? 'TERMINATED' : 'RUNNING' };
    return Promise.resolve({ status, runId: 'run', historyLength: this.describes });
  }

  private query() {
    if (this.state === 'mute') return Promise.reject(temporalUnavailable('no answer'));
    return Promise.resolve({ webhooks: this.webhooks });
  }

  private signal(what: string): Promise<void> {
    if (this.refused.has(what.split(' ')[0] ?? '')) return Promise.reject(new Error('refused'));
    this.signals.push(what);
    return Promise.resolve();
  }

  /** Changes or removes. */
  private update([id, change]: unknown[]): Promise<Webhook> {
    const found = this.webhooks.find((one) => one.id === id) ?? webhook;
    const changed = { ...found, ...(change as Partial<Webhook> | undefined) };
    this.webhooks = change === undefined ? this.webhooks.filter((one) => one.id !== id) : [changed];
    return Promise.resolve(changed);
  }
}

/** What makes an error one of gRPC's, NOT_FOUND. */
const notFound = { code: 5, details: 'not found', metadata: {} };
