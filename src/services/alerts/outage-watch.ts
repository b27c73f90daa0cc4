/**
 * Notices that Temporal, or every worker, is away. Nothing durable can run then, so this facade tells the webhooks by itself, and
 * reports the outage to the cluster's alerts when it is over.
 */
import { alertIdOf, type Alert, type PastCondition } from '../../domain/alert.ts';
import { outageCondition, type Outage } from '../../domain/alert-conditions.ts';
import { Refusal } from '../../domain/failures.ts';
import type { Polling } from '../temporal/readiness.ts';
import { isForbidden } from '../temporal/rpc.ts';

interface Parts {
  readonly describePolling: () => Promise<Polling>;
  /** Whether this process's worker runs and gets the new calls, if those of this build id (undefined: none) do. */
  readonly worksHere: (current: string | undefined) => boolean;
  readonly forMs: number;
  /** Epoch ms by Temporal's clock, as far as it was measured. */
  readonly now: () => number;
  /** Called once for each outage that lasts. */
  readonly onFired: (alert: Alert) => void;
}

interface Current {
  readonly outage: Outage;
  readonly since: number;
  readonly fired?: Alert;
}

/** The most outages that wait to be reported. */
const maxPast = 20;

export class OutageWatch {
  private readonly parts: Parts;
  private current: Current | undefined;
  /** Outages that are over and not reported yet. */
  readonly past: PastCondition[] = [];

  constructor(parts: Parts) {
    this.parts = parts;
  }

  /** Looks once. Returns whether all is well. */
  async look(): Promise<boolean> {
    const outage = await this.find();
    const now = this.parts.now();
    if (outage !== this.current?.outage) this.change(outage, now);
    if (this.current && !this.current.fired && now - this.current.since >= this.parts.forMs) this.fire(now);
    return outage === undefined;
  }

  private async find(): Promise<Outage | undefined> {
    try {
      const { current, polled } = await this.parts.describePolling();
      return polled || this.parts.worksHere(current) ? undefined : 'no_workers';
    } catch (error) {
      const isAway = error instanceof Refusal && error.type === 'temporal_unavailable';
      // Refused credentials, as of an expired certificate, stop as much.
      if (isAway || isForbidden(error)) return 'temporal_unreachable';
      throw error;
    }
  }

  private change(outage: Outage | undefined, now: number): void {
    const fired = this.current?.fired;
    if (fired) this.past.push({ ...fired, resolvedAt: now });
    if (this.past.length > maxPast) this.past.shift();
    this.current = outage && { outage, since: now };
  }

  private fire(now: number): void {
    if (!this.current) return;
    const { outage, since } = this.current;
    const condition = outageCondition(outage, since, now);
    const fired = { ...condition, id: alertIdOf(condition, now), firedAt: now, isAnnounced: true };
    this.current = { outage, since, fired };
    this.parts.onFired(fired);
  }
}
