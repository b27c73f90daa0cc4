/** The command `rerun`: reruns one call, or a batch of all calls that match a filter (see rerun-batch.ts). */
import { randomUUID } from 'node:crypto';
import { Option, type Command } from 'commander';
import type { RerunOverrides } from '../../contract/rerun-requests.ts';
import type { RerunAccepted } from '../../contract/reruns.ts';
import { batchIdFrom } from '../../domain/ids.ts';
import { asArgument, findCallId } from '../call-id.ts';
import { declareForNode, withNode, type Context } from '../command.ts';
import { CliError } from '../errors.ts';
import type { ExitName } from '../exit-codes.ts';
import { filterOf, positive, wholeNumber, withFilter, type FilterOptions } from '../filter-options.ts';
import { note } from '../output.ts';
import { cancelBatch, followBatch, listBatches, startBatch, type BatchOptions } from '../rerun-batch.ts';
import { watchCall } from '../watch-call.ts';

interface Options extends FilterOptions, BatchOptions {
  readonly asAgent?: string;
  readonly fallback?: readonly string[];
  readonly prompt?: string;
  readonly deadline?: number;
  readonly from?: 'start' | 'failed_agent';
  /** The retired option --reset. It is refused with a message that says what to do instead. */
  readonly reset?: true;
  readonly wait?: true;
  readonly all?: true;
  readonly attach?: string;
  readonly cancel?: string;
  readonly list?: true;
}

/** Declares `rerun`. */
export function addRerunCommand(program: Command): void {
  const rerun = declareForNode(
    program,
    'rerun [call-id]',
    'run a call again as a new call, or all calls that match a filter',
    [
      'rerun 5f0c6f4e-4a3b --wait',
      'rerun 5f0c6f4e-4a3b --as-agent helper --from failed_agent',
      'rerun --all --since 12h --dry-run',
      'rerun --all --error-type connection --since 12h --rate 5 --yes',
      'rerun --attach BATCH_ID',
    ],
  );
  rerun
    .option('--as-agent <name>', 'ask this agent instead')
    .option('--fallback <names...>', 'fallbacks to ask after it instead of its registered ones')
    .option('--prompt <text>', 'send this prompt instead')
    .option('--deadline <seconds>', 'use this deadline instead', positive)
    .addOption(
      new Option('--from <place>', 'where in the chain the new call begins').choices([
        'start',
        'failed_agent',
      ]),
    )
    .option('--wait', 'watch the new call until it ends')
    .addOption(new Option('--reset', 'retired').hideHelp())
    .option(
      '--all',
      'rerun all calls that match the filter, as a batch; only failed ones unless --status is given',
    );
  withFilter(rerun)
    .addOption(
      new Option('--dry-run', 'only show which calls a batch would rerun').conflicts(['detach', 'yes']),
    )
    .option('--rate <count>', 'calls that a batch reruns per second (default: 2)', positive)
    .option(
      '--max-in-flight <count>',
      'reruns of a batch in flight at the same time (default: 8)',
      wholeNumber(1, 1_000),
    )
    .option('-y, --yes', 'do not ask for confirmation')
    .option('--detach', 'do not watch the batch: print its id')
    .option('--attach <batch-id>', 'watch a batch until it ends', batchIdFrom)
    .option('--cancel <batch-id>', 'cancel a batch; reruns that have started continue', batchIdFrom)
    .option('--list', 'list the batches')
    .action(withNode(act));
}

function act(context: Context, callId: string | undefined, options: Options): Promise<ExitName | undefined> {
  const { attach, cancel, list, all } = options;
  if (options.reset) throw new CliError('usage', resetRetired(callId));
  const given = [callId, attach, cancel, list, all].filter((one) => one !== undefined);
  if (given.length !== 1)
    throw new CliError(
      'usage',
      'Give exactly one of: a call id, --all, --attach, --cancel, --list (--help shows examples)',
    );
  const filter = filterOf(options);
  if (all === undefined && Object.keys(filter).length > 0)
    throw new CliError('usage', 'A filter selects the calls of a batch: add --all');
  refuseUnused(options, callId);
  if (attach !== undefined) return followBatch(context, attach);
  if (cancel !== undefined) return cancelBatch(context, cancel);
  if (list) return listBatches(context);
  const overrides = overridesOf(options);
  return callId === undefined
    ? startBatch(context, filter, overrides, options)
    : rerunOne(context, callId, overrides, options);
}

function resetRetired(callId = 'CALL_ID'): string {
  return `Calls are no longer reset. Run the call again: holdfast rerun ${asArgument(callId)}`;
}

const ofOneCall = ['wait'] as const;
const ofBatch = ['dryRun', 'rate', 'maxInFlight', 'detach'] as const;
const ofEither = ['asAgent', 'fallback', 'prompt', 'deadline', 'from'] as const;

/** Throws `CliError` if an option has no effect beside the others, because that is probably a mistake. */
function refuseUnused(options: Options, callId: string | undefined): void {
  const unused =
    callId !== undefined ? ofBatch : options.all ? ofOneCall : [...ofOneCall, ...ofBatch, ...ofEither];
  const given = unused.filter((name) => options[name] !== undefined);
  const flags = given.map((name) => `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`);
  if (flags.length > 0)
    throw new CliError('usage', `These options have no effect here, leave them out: ${flags.join(', ')}`);
}

function overridesOf({ asAgent: agent_name, fallback, prompt, deadline, from }: Options): RerunOverrides {
  const named = {
    agent_name,
    fallback_agents: fallback,
    prompt,
    deadline_seconds: deadline,
    from,
  } satisfies RerunOverrides;
  return Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined));
}

async function rerunOne(
  context: Context,
  given: string,
  overrides: RerunOverrides,
  { wait }: Options,
): Promise<ExitName | undefined> {
  const { client, out } = context;
  const callId = await findCallId(client, given);
  const path = `/calls/${encodeURIComponent(callId)}/rerun`;
  const body = Object.keys(overrides).length > 0 ? overrides : undefined;
  const headers = { 'Idempotency-Key': randomUUID() };
  const answer = await client.request<RerunAccepted>('POST', path, { body, headers });
  const { call_id } = answer.body;
  if (wait) {
    note(`Call ${call_id}`);
    return watchCall(context, call_id);
  }
  if (out.json) out.document(answer.body);
  else out.text(call_id);
  return undefined;
}
