/** Inspects a Temporal server for `holdfast doctor`, without changing anything. */
import { Client, WorkflowNotFoundError } from '@temporalio/client';
import type { NativeConnection } from '@temporalio/worker';
import type { AgentConfig } from '../domain/agent.ts';
import { parseTerms, type ClusterTerms } from '../domain/cluster-terms.ts';
import { agentDirectoryId, clusterTermsId } from '../domain/ids.ts';
import { dataConverter } from '../temporal-sdk/payloads.ts';
import { directoryChangesQuery } from '../workflows/messages.ts';
import { searchAttributes } from '../workflows/search-attributes.ts';
import { createLog } from './logging.ts';
import { missingSearchAttributes } from './provision.ts';
import { readServerTime, ServerClock } from './server-clock.ts';
import { connect, installRuntime, type TemporalTarget } from './temporal-connection.ts';

const requestTimeoutMs = 5_000;

/** The result of `inspectTemporal`. */
export interface TemporalInspection {
  readonly serverVersion: string;
  /** How far this machine's clock is ahead of the server's, in ms; undefined if the server's time could not be read. */
  readonly clockSkewMs: number | undefined;
  readonly namespace: { readonly retentionDays: number } | { readonly error: string };
  /** The search attributes that are missing. Undefined if the namespace does not exist or cannot be read. */
  readonly missingSearchAttributes: readonly string[] | undefined;
  /** The registered agents. Undefined if no worker runs, because a worker has to answer the query. */
  readonly agents: readonly AgentConfig[] | undefined;
  /** The cluster terms. Undefined if no node has joined yet. An error if they cannot be read. */
  readonly terms: ClusterTerms | Error | undefined;
}

/** Inspects the server and its namespace. Throws `StartupError` if the server cannot be reached. */
export async function inspectTemporal(target: TemporalTarget): Promise<TemporalInspection> {
  installRuntime(createLog('silent'));
  const connection = await connect(target);
  try {
    const { serverVersion } = await soon(connection, () => connection.workflowService.getSystemInfo({}));
    return {
      serverVersion,
      clockSkewMs: await skewOf(connection, target.namespace),
      namespace: await namespaceOf(connection, target.namespace),
      missingSearchAttributes: await missing(connection, target.namespace),
      agents: await agentsOf(connection, target.namespace),
      terms: await termsIn(connection, target.namespace),
    };
  } finally {
    await connection.close();
  }
}

async function skewOf(connection: NativeConnection, namespace: string): Promise<number | undefined> {
  const time = await readServerTime(connection, namespace);
  if (!time) return undefined;
  const clock = new ServerClock(() => Promise.resolve(time));
  await clock.measure();
  return clock.skewMs();
}

async function namespaceOf(
  connection: NativeConnection,
  namespace: string,
): Promise<TemporalInspection['namespace']> {
  try {
    const { config } = await soon(connection, () =>
      connection.workflowService.describeNamespace({ namespace }),
    );
    return { retentionDays: Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0) / 86_400 };
  } catch (error) {
    return { error: (error as Error).message };
  }
}

function missing(connection: NativeConnection, namespace: string): Promise<string[] | undefined> {
  const names = Object.values(searchAttributes).map(({ name }) => name);
  return soon(connection, () => missingSearchAttributes(connection, namespace, names)).catch(() => undefined);
}

function agentsOf(connection: NativeConnection, namespace: string): Promise<AgentConfig[] | undefined> {
  const directory = new Client({ connection, namespace, dataConverter }).workflow.getHandle(agentDirectoryId);
  return soon(connection, () => directory.query(directoryChangesQuery, 0)).then(
    ({ entries }) => Object.values(entries).flatMap(({ config }) => config ?? []),
    () => undefined,
  );
}

async function termsIn(
  connection: NativeConnection,
  namespace: string,
): Promise<TemporalInspection['terms']> {
  const holder = new Client({ connection, namespace, dataConverter }).workflow.getHandle(clusterTermsId);
  try {
    const { status, memo } = await soon(connection, () => holder.describe());
    if (status.name !== 'RUNNING') return undefined;
    return parseTerms(memo?.['terms']) ?? new Error(`${clusterTermsId} runs without terms in its memo`);
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    const { message, cause } = error as Error;
    return new Error(cause instanceof Error ? `${message}: ${cause.message}` : message);
  }
}

function soon<T>(connection: NativeConnection, ask: () => Promise<T>): Promise<T> {
  return connection.withDeadline(Date.now() + requestTimeoutMs, ask);
}
