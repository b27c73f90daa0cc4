/**
 * Asks agents over pooled, guarded connections. The transport knows HTTP; encoding the question and decoding the answer are
 * up to the agent's wire format.
 *
 *   ask -> encode -> httpRequest (address guard, undici) -> statusFailure | readBody -> decode
 *
 * Every failure is thrown as an `AgentError` of the failure table, and no text that is returned or thrown holds the token (I5).
 */
import type { Dispatcher } from 'undici';
import { hasToken, type AgentConfig } from '../../domain/agent.ts';
import { jsonBytes } from '../../domain/json-bytes.ts';
import type { WireFormat } from '../formats/wire-format.ts';
import { createRedactor, noRedaction, withholdAll, type Redactor } from '../redaction/redactor.ts';
import type { AgentRequest, AgentTransport } from '../transport.ts';
import { acceptedEncodings, tooLarge, type BodyLimits } from './decoded-body.ts';
import { httpRequest } from './http-request.ts';
import { openConnection } from './open-connection.ts';
import { createConnector, createPools, type PoolOptions, type Pools } from './pools.ts';
import { readBody, skipBody } from './response-body.ts';
import { statusFailure } from './status-failure.ts';

export interface HttpTransportOptions extends PoolOptions {
  /** Limit of an answer in bytes. Applies to its body on the wire, to its decoded body, and to its text as JSON. */
  readonly maxAnswerBytes: number;
  /** Largest ratio of decoded size to size on the wire, for large answers. */
  readonly maxCompressionRatio: number;
}

/** Tokens that are shorter than this are not redacted in answers, because ordinary text contains them by chance. */
const minTokenLengthToRedact = 8;
const maxProbeBodyBytes = 16_384;

/** Creates the transport. `formatOf` returns the wire format of an agent. */
export function createHttpTransport(
  options: HttpTransportOptions,
  formatOf: (agent: AgentConfig) => WireFormat,
): AgentTransport {
  const limits = { maxBytes: options.maxAnswerBytes, maxRatio: options.maxCompressionRatio };
  const pools = createPools(options);
  const connector = createConnector(options);
  return {
    ask: (request) => ask(pools, formatOf(request.agent), request, limits),
    probe: (agent, signal) => probe(pools, agent, signal),
    connect: (agent, signal) => openConnection(connector, agent, signal),
    close: () => pools.close(),
  };
}

const commonHeaders = { 'accept-encoding': acceptedEncodings, 'user-agent': 'holdfast' } as const;

async function ask(
  pools: Pools,
  format: WireFormat,
  { signal, onFirstByte, trace, ...question }: AgentRequest,
  limits: BodyLimits,
): Promise<string> {
  const { agent, token } = question;
  const { path, headers, body } = format.encode(question);
  const redactor = createRedactor(token);
  const request = {
    method: 'POST',
    path,
    headers: { ...headers, ...trace, ...commonHeaders },
    body,
  } as const;
  return await httpRequest(pools, agent, signal, request, async (response) => {
    onFirstByte?.();
    if (response.statusCode !== 200 && response.statusCode !== 201)
      throw await statusFailure(response, redactor);
    const answer = format.decode(await answerBody(response, limits, redactor), redactor);
    const content = token && token.length >= minTokenLengthToRedact ? redactor.redact(answer) : answer;
    if (jsonBytes(content) > limits.maxBytes) throw tooLarge(limits.maxBytes);
    return content;
  });
}

async function probe(pools: Pools, agent: AgentConfig, signal: AbortSignal): Promise<number> {
  const headers = { accept: 'application/json', ...commonHeaders };
  const request = { method: 'GET', path: agent.healthPath ?? '/', headers } as const;
  return await httpRequest(pools, agent, signal, request, async (response) => {
    // The probe does not send the token, so it is not decrypted here; but the agent's answer could still contain it.
    const redactor = hasToken(agent) ? withholdAll : noRedaction;
    if (response.statusCode >= 300) throw await statusFailure(response, redactor);
    await skipBody(response, maxProbeBodyBytes);
    return response.statusCode;
  });
}

async function answerBody(
  response: Dispatcher.ResponseData,
  limits: BodyLimits,
  redactor: Redactor,
): Promise<Buffer> {
  if (Number(response.headers['content-length']) > limits.maxBytes) {
    response.body.on('error', () => undefined).destroy();
    throw tooLarge(limits.maxBytes);
  }
  return await readBody(response, limits, redactor);
}
