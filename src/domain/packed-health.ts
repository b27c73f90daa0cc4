/**
 * The compact form of one agent's health, which the `agentHealth` entity sends to nodes and carries to its next run. With
 * packed lists 1,000 busy agents take less than 1 MiB, well below Temporal's limit for one payload (2 MiB).
 */
import {
  healthDetails,
  healthWindow,
  type AgentHealth,
  type RecentError,
  type RecentOutcome,
} from './health.ts';
import type { ErrorType } from './failures.ts';

/** One agent's health with its lists as text. */
export interface PackedHealth extends Omit<AgentHealth, 'recent' | 'latencies' | 'recentErrors'> {
  /** Each recent outcome as the number `2 * epoch ms + (1 if ok)`, stored as differences in base 36. */
  readonly outcomes?: string;
  /**
   * Outcomes after those in `outcomes`, as plain numbers. Written by earlier versions only. Always present, because nodes
   * of those versions read it.
   */
  readonly recent: readonly number[];
  readonly latencies?: string;
  readonly recentErrors?: readonly PackedError[];
}

/** An error: ms since the previous one, error type, call id. */
type PackedError = readonly [number, ErrorType, string];

/** With more agents than this, fewer details of each are kept when health is packed. */
const manyAgents = 500;
const detailsWithMany: typeof healthDetails = { latencies: 25, errors: 3 };

const radix = 36;

/** Packs one agent's health. If the entity holds more than `manyAgents` agents, fewer latencies and errors are kept. */
export function packHealth(health: AgentHealth, agents: number): PackedHealth {
  const { recent, latencies: allLatencies = [], recentErrors = [], ...rest } = health;
  const keep = agents > manyAgents ? detailsWithMany : healthDetails;
  const latencies = allLatencies.slice(-keep.latencies);
  const errors = recentErrors.slice(-keep.errors);
  return {
    ...rest,
    recent: [],
    ...(recent.length > 0 && { outcomes: packNumbers(distances(recent.map(toNumber))) }),
    ...(latencies.length > 0 && { latencies: packNumbers(latencies) }),
    ...(errors.length > 0 && { recentErrors: packErrors(errors) }),
  };
}

/** Unpacks what `packHealth` returned. Also reads what earlier versions wrote. */
export function unpackHealth(packed: PackedHealth): AgentHealth {
  const { outcomes, recent, latencies, recentErrors, ...rest } = packed;
  return {
    ...rest,
    recent: [...sums(unpackNumbers(outcomes)), ...recent].map(toOutcome).slice(-healthWindow.maxOutcomes),
    ...(latencies !== undefined && { latencies: unpackNumbers(latencies) }),
    ...(recentErrors && { recentErrors: unpackErrors(recentErrors) }),
  };
}

function toNumber({ at, ok }: RecentOutcome): number {
  return 2 * at + (ok ? 1 : 0);
}

function toOutcome(number: number): RecentOutcome {
  return { at: Math.floor(number / 2), ok: number % 2 === 1 };
}

function packErrors(errors: readonly RecentError[]): PackedError[] {
  return errors.map(({ at, type, callId }, i) => [at - (errors[i - 1]?.at ?? 0), type, callId]);
}

function unpackErrors(errors: readonly PackedError[]): RecentError[] {
  let at = 0;
  return errors.map(([distance, type, callId]) => ({ at: (at += distance), type, callId }));
}

function packNumbers(numbers: readonly number[]): string {
  return numbers.map((one) => one.toString(radix)).join(',');
}

function unpackNumbers(text: string | undefined): number[] {
  return text === undefined ? [] : text.split(',').map((one) => Number.parseInt(one, radix));
}

/** Returns the difference of each number to the one before it. Epoch times are long numbers; their differences are short. */
function distances(numbers: readonly number[]): number[] {
  return numbers.map((one, i) => one - (numbers[i - 1] ?? 0));
}

function sums(all: readonly number[]): number[] {
  let sum = 0;
  return all.map((distance) => (sum += distance));
}
