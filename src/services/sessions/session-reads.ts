/**
 * Reading a session: from memory where one cheap RPC says that nothing has happened in it since, by a query otherwise.
 * Why a read never misses what was committed before it: docs/adr/0016-reads-from-memory.md.
 */
import proto from '@temporalio/proto';
import { sessionWorkflowId } from '../../domain/ids.ts';
import { sessionKey } from '../../domain/keys.ts';
import type { SessionContent } from '../../domain/session.ts';
import { CoalescedReads } from '../../lib/coalesced-reads.ts';
import type { TextStore } from '../../payloads/text-store.ts';
import { readSessionQuery } from '../../workflows/messages.ts';
import { KnownSessions, type HistoryMark } from './session-cache.ts';
import { isNotFound, rpc, rpcTimeoutMs, type Temporal } from '../temporal/rpc.ts';
import { wholeSession, type WholeSession } from './whole-session.ts';

const { WorkflowExecutionStatus } = proto.temporal.api.enums.v1;

export class SessionReads {
  private readonly temporal: Temporal;
  private readonly texts: TextStore;
  private readonly known: KnownSessions | undefined;
  private readonly coalesced = new CoalescedReads<SessionContent | undefined>();

  /** With 0 bytes every read is a query. */
  constructor(temporal: Temporal, texts: TextStore, maxBytes: number) {
    this.temporal = temporal;
    this.texts = texts;
    this.known = maxBytes > 0 ? new KnownSessions(maxBytes) : undefined;
  }

  async read(sessionId: string): Promise<WholeSession | undefined> {
    const { known } = this;
    if (!known) return this.readAnew(sessionId);
    const content = await this.coalesced.read(sessionKey(sessionId), () => this.look(known, sessionId));
    return content && wholeSession({ read: (key) => this.payload(known, sessionId, key) }, content);
  }

  /** For those who read each session once: it neither looks into memory nor keeps anything there. */
  async readAnew(sessionId: string): Promise<WholeSession | undefined> {
    const content = await rpc(this.temporal, rpcTimeoutMs.read, () => this.query(sessionId));
    return content && wholeSession(this.texts, content);
  }

  forget(sessionId: string): void {
    this.known?.drop(sessionId);
  }

  private async look(known: KnownSessions, sessionId: string): Promise<SessionContent | undefined> {
    const { mark, content } = await rpc(this.temporal, rpcTimeoutMs.read, async () => {
      // First the mark, then the content: what is kept is never older than the mark it is kept under.
      const markNow = await this.mark(sessionId);
      const contentThen = markNow && known.contentAt(sessionId, markNow);
      return { mark: markNow, content: contentThen ?? (await this.query(sessionId)) };
    });
    // Only here, where this look ends: who is served what is kept now began to look after it was read.
    if (!mark || !content) known.drop(sessionId);
    else if (known.contentAt(sessionId, mark) !== content) known.keep(sessionId, mark, content);
    return content;
  }

  /** Undefined if the session does not run. The bare RPC: the client's own decodes all that it answers. */
  private async mark(sessionId: string): Promise<HistoryMark | undefined> {
    const { client, namespace } = this.temporal;
    try {
      const { workflowExecutionInfo: info } = await client.workflowService.describeWorkflowExecution({
        namespace,
        execution: { workflowId: sessionWorkflowId(sessionId) },
      });
      const runId = info?.execution?.runId;
      const runs = info?.status === WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_RUNNING;
      if (!runs || !runId || !info.historyLength) return undefined;
      return { runId, historyLength: info.historyLength.toString() };
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  private async query(sessionId: string): Promise<SessionContent | undefined> {
    try {
      const handle = this.temporal.client.workflow.getHandle(sessionWorkflowId(sessionId));
      return (await handle.query(readSessionQuery)) ?? undefined;
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  private async payload(known: KnownSessions, sessionId: string, key: string): Promise<Buffer> {
    const kept = known.payload(sessionId, key);
    if (kept) return kept;
    const bytes = await this.texts.read(key);
    known.keepPayload(sessionId, key, bytes);
    return bytes;
  }
}
