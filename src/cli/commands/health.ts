/** The command `health`: shows the health of agents, closes circuits and probes. */
import { Option, type Command } from 'commander';
import type { AgentHealth, DetailedHealth, ProbeReport } from '../../contract/health.ts';
import { declareForNode, withNode, type Context } from '../command.ts';
import { CliError } from '../errors.ts';
import type { ExitName } from '../exit-codes.ts';
import { pauseInWords } from './agents-pause.ts';
import { healthPath } from '../resource-paths.ts';

interface Options {
  readonly reset?: true;
  readonly probe?: true;
}

/** Declares `health`. */
export function addHealthCommand(program: Command): void {
  declareForNode(program, 'health [agent]', 'show the health of all agents, or of one', [
    'health',
    'health expert --probe',
    'health expert --reset',
  ])
    .addOption(
      new Option('--reset', 'close the circuit of the agent, so that calls ask it again at once').conflicts(
        'probe',
      ),
    )
    .option('--probe', 'probe the agent now; no prompt is sent')
    .action(withNode(health));
}

async function health(
  context: Context,
  agent: string | undefined,
  options: Options,
): Promise<ExitName | undefined> {
  const { client, out } = context;
  if (agent === undefined) {
    if (options.reset ?? options.probe)
      throw new CliError('usage', '--reset and --probe need the name of an agent');
    return showAll(context);
  }
  const { path, query } = healthPath(agent);
  if (query['id'] !== undefined && (options.reset ?? options.probe))
    throw new CliError(
      'usage',
      `--reset and --probe do not work for an agent named '${agent}': its name cannot be part of a URL path`,
    );
  if (options.probe) return probe(context, path);
  const body = options.reset
    ? (await client.request<AgentHealth>('POST', `${path}/reset`)).body
    : await client.get<AgentHealth>(path, query);
  if (out.json) out.document(body);
  else showOne(context, body);
  return undefined;
}

async function showAll({ client, out }: Context): Promise<undefined> {
  const all = await client.get<DetailedHealth>('/health', { details: true });
  if (out.json) {
    out.document(all);
    return;
  }
  out.table(
    ['agent', 'state', 'circuit', 'success', 'asked', 'failed', 'p50', 'p95', 'last error'],
    all.agents.map((one) => [
      one.agent_name,
      one.status,
      one.circuit,
      successOf(one),
      one.total_requests,
      one.total_failures,
      one.latency_p50_ms,
      one.latency_p95_ms,
      one.last_error_type,
    ]),
    { state: out.state, circuit: out.state },
  );
}

function showOne({ out }: Context, one: AgentHealth): void {
  out.fields({
    agent: one.agent_name,
    state: one.status,
    circuit: one.circuit_open_until === null ? one.circuit : `${one.circuit} until ${one.circuit_open_until}`,
    paused: pauseInWords(one) || null,
    success: successOf(one),
    asked: one.total_requests,
    failed: one.total_failures,
    failures_in_a_row: one.consecutive_failures,
    latency_p50_ms: one.latency_p50_ms,
    latency_p95_ms: one.latency_p95_ms,
    last_success: one.last_success_at,
    last_failure: one.last_failure_at,
    last_error: one.last_error_type,
  });
  if (one.recent_errors.length === 0) return;
  out.line();
  out.table(
    ['at', 'error', 'call'],
    one.recent_errors.map(({ at, error_type, call_id }) => [at, error_type, call_id]),
  );
}

/** The success rate as text; a dash if the window has no requests, because then there is no rate. */
function successOf({ recent_requests: asked, success_rate: rate }: AgentHealth): string {
  return asked === 0 ? '-' : `${rate} %`;
}

async function probe({ client, out }: Context, path: string): Promise<ExitName> {
  const { body } = await client.request<ProbeReport>('POST', `${path}/probe`);
  if (out.json) out.document(body);
  else if (body.ok) out.text(`${body.agent_name} answered the probe after ${body.latency_ms} ms`);
  else out.text(`${body.agent_name} failed the probe: ${body.error_type ?? ''} ${body.error ?? ''}`);
  return body.ok ? 'ok' : 'failed';
}
