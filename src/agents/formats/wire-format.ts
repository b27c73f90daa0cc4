import type { Redactor } from '../redaction/redactor.ts';
import type { AgentQuestion } from '../transport.ts';

/** The POST request for a question. The HTTP transport adds the agent's address and its own headers. */
export interface EncodedQuestion {
  /** Path and query. */
  readonly path: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * Defines how questions are sent to one kind of agent and how its answers are read. A format knows nothing about connections,
 * and `src/agents/http` knows nothing about formats. An agent's `protocol` (http or https) is something else. Statuses other
 * than 200 and 201 are handled in the same way for all formats (http/status-failure.ts).
 */
export interface WireFormat {
  /** Makes the request for a question. Throws `AgentError` if the question cannot be sent. */
  encode(question: AgentQuestion): EncodedQuestion;
  /**
   * Reads the answer's text from the decompressed body of a 200 or 201. Throws `AgentError` of type `invalid_response` if the
   * body has no text; `redactor` keeps the agent's token out of that error's text (I5).
   */
  decode(body: Uint8Array, redactor: Redactor): string;
}
