/**
 * Asks agents over pooled, guarded connections. It knows HTTP and no wire format: that encodes the question and decodes
 * the answer.
 *
 *   ask -> encode -> httpRequest (address guard, undici) -> statusFailure | readBody -> decode
 *
 * Every failure leaves as an `AgentError` of the failure table; the agent's token leaves nowhere (I5).
 */
import type { Dispatcher } from 'undici';
import type { AgentConfig } from '../../domain/agent.ts';
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
  /** Limit of an answer: of its body on the wire, decoded, and of its content as JSON. */
  readonly maxAnswerBytes: number;
  /** How many times its size on the wire a large compressed answer may have. */
  readonly maxCompressionRatio: number;
}

/** Shorter tokens would be found by chance in ordinary answers. */
const minTokenLengthToRedact = 8;
const maxProbeBodyBytes = 16_384;

/** `formatOf` names the format that an agent speaks. */
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
  { signal, onFirstByte, ...question }: AgentRequest,
  limits: BodyLimits,
): Promise<string> {
  const { agent, token } = question;
  const { path, headers, body } = format.encode(question);
  const redactor = createRedactor(token);
  const request = { method: 'POST', path, headers: { ...headers, ...commonHeaders }, body } as const;
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
    // Asked without its token, an agent may tell it all the same.
    const redactor = agent.sealedToken === undefined ? noRedaction : withholdAll;
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
