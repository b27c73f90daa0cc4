/**
 * The wire format `vps`: one POST per question, JSON both ways, over pooled connections.
 *
 *   ask, probe -> exchange (address guard, undici) -> statusFailure | readBody -> parseAnswer
 *
 * Every failure leaves as an `AgentError` of the failure table; the agent's token leaves nowhere (I5).
 */
import type { Dispatcher } from 'undici';
import type { AgentConfig } from '../domain/agent.ts';
import { jsonBytes } from '../domain/json-bytes.ts';
import { parseAnswer } from './answer.ts';
import { acceptedEncodings, tooLarge, type BodyLimits } from './http/decoded-body.ts';
import { openConnection } from './http/open-connection.ts';
import { createConnector, createPools, exchange, type PoolOptions, type Pools } from './http/exchange.ts';
import { createRedactor, noRedaction, withholdAll, type Redactor } from './redaction/redactor.ts';
import { readBody, skipBody } from './http/response-body.ts';
import { statusFailure } from './http/status-failure.ts';
import { AgentError, type AgentRequest, type AgentTransport } from './transport.ts';

export interface VpsTransportOptions extends PoolOptions {
  /** Limit of an answer: of its body on the wire, decoded, and of its content as JSON. */
  readonly maxAnswerBytes: number;
  /** How many times its size on the wire a large compressed answer may have. */
  readonly maxCompressionRatio: number;
}

const defaultPath = '/v1/messages';
/** Shorter tokens would be found by chance in ordinary answers. */
const minTokenLengthToRedact = 8;
const maxProbeBodyBytes = 16_384;

export function createVpsTransport(options: VpsTransportOptions): AgentTransport {
  const limits = { maxBytes: options.maxAnswerBytes, maxRatio: options.maxCompressionRatio };
  const pools = createPools(options);
  const connector = createConnector(options);
  return {
    ask: (request) => ask(pools, request, limits),
    probe: (agent, signal) => probe(pools, agent, signal),
    connect: (agent, signal) => openConnection(connector, agent, signal),
    close: () => pools.close(),
  };
}

async function ask(pools: Pools, request: AgentRequest, limits: BodyLimits): Promise<string> {
  const { agent, token, signal } = request;
  const headers = askHeaders(request);
  const redactor = createRedactor(token);
  const body = JSON.stringify({
    model: agent.name,
    messages: request.messages.map(({ role, content }) => ({ role, content })),
    ...(request.sessionId !== undefined && { session_id: request.sessionId }),
  });
  const target = { method: 'POST', path: agent.path || defaultPath, headers, body } as const;
  return await exchange(pools, agent, signal, target, async (response) => {
    request.onFirstByte?.();
    if (response.statusCode !== 200 && response.statusCode !== 201)
      throw await statusFailure(response, redactor);
    const answer = parseAnswer(await answerBody(response, limits, redactor), redactor);
    const content = token && token.length >= minTokenLengthToRedact ? redactor.redact(answer) : answer;
    if (jsonBytes(content) > limits.maxBytes) throw tooLarge(limits.maxBytes);
    return content;
  });
}

async function probe(pools: Pools, agent: AgentConfig, signal: AbortSignal): Promise<number> {
  const target = { method: 'GET', path: agent.healthPath ?? '/', headers: commonHeaders } as const;
  return await exchange(pools, agent, signal, target, async (response) => {
    // Asked without its token, an agent may tell it all the same.
    const redactor = agent.sealedToken === undefined ? noRedaction : withholdAll;
    if (response.statusCode >= 300) throw await statusFailure(response, redactor);
    await skipBody(response, maxProbeBodyBytes);
    return response.statusCode;
  });
}

const commonHeaders = {
  accept: 'application/json',
  'accept-encoding': acceptedEncodings,
  'user-agent': 'holdfast',
} as const;

function askHeaders({ token, idempotencyKey }: AgentRequest): Record<string, string> {
  if (token && !/^[\t\x20-\x7e\x80-\xff]+$/.test(token))
    throw new AgentError('auth', "The agent's token has characters that no HTTP header can carry");
  return {
    ...commonHeaders,
    'content-type': 'application/json',
    'idempotency-key': idempotencyKey,
    ...(token && { authorization: `Bearer ${token}` }),
  };
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
