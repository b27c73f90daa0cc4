import type { Redactor } from '../redaction/redactor.ts';
import type { AgentQuestion } from '../transport.ts';

/** What a format says of the POST that asks a question; the HTTP transport adds the agent's address and its own headers. */
export interface EncodedQuestion {
  /** With the query, if there is one. */
  readonly path: string;
  /** In lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * How one kind of agent is asked and answers. A format knows no connections, and `src/agents/http` knows no format. It
 * has nothing to do with an agent's `protocol`, which is http or https. What another status than 200 and 201 means is read
 * alike for all formats (http/status-failure.ts).
 */
export interface WireFormat {
  /** Throws `AgentError` if the question cannot be sent. */
  encode(question: AgentQuestion): EncodedQuestion;
  /**
   * The answer's text, from the decompressed body of a 200 or 201. Throws `AgentError` of type `invalid_response` if it
   * holds none; `redactor` keeps the agent's token out of that error's text (I5).
   */
  decode(body: Uint8Array, redactor: Redactor): string;
}
