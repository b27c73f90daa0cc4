/**
 * The command `whatif`: replays the recorded attempts of calls on today's chains, health and retry rules. No agent is asked.
 */
import type { Command } from 'commander';
import type { WhatIf, WhatIfList } from '../../contract/what-if.ts';
import { findCallId } from '../call-id.ts';
import { declareForNode, withNode, type Context } from '../command.ts';
import { CliError } from '../errors.ts';
import { filterOf, wholeNumber, withFilter, type FilterOptions } from '../filter-options.ts';

interface Options extends FilterOptions {
  readonly limit: number;
}

/** Declares `whatif`. */
export function addWhatIfCommand(program: Command): void {
  const whatif = declareForNode(
    program,
    'whatif [call-id]',
    "show which agent a call would ask next with today's chains and health; no agent is asked",
    ['whatif 5f0c6f4e-4a3b', 'whatif --status failed --since 12h'],
  );
  withFilter(whatif)
    .option('--limit <count>', 'show at most this many calls', wholeNumber(1, 200), 50)
    .action(withNode(show));
}

async function show(
  { client, out }: Context,
  callId: string | undefined,
  options: Options,
  command: Command,
): Promise<undefined> {
  const filter = filterOf(options);
  if (callId !== undefined && Object.keys(filter).length > 0)
    throw new CliError('usage', 'Give a call id or a filter, not both');
  if (callId !== undefined && command.getOptionValueSource('limit') === 'cli')
    throw new CliError('usage', '--limit has no effect for one call: leave it out');
  const rows = await rowsOf(client, callId, { ...filter, limit: options.limit });
  if (out.json) {
    out.document({ calls: rows });
    return;
  }
  out.table(
    ['call', 'before', 'now', 'next agent', 'why'],
    rows.map(({ call_id, error_type, before, after }) => [
      call_id,
      before.attempts.map((one) => `${one.agent}: ${one.error_type ?? one.status}`).join(' -> ') ||
        error_type,
      after.steps.map((one) => `${one.agent}: ${one.error_type ?? one.outcome}`).join(' -> '),
      after.next_agent,
      after.reason,
    ]),
  );
  out.line(`${rows.filter(({ changed }) => changed).length} of ${rows.length} calls would take another path`);
}

async function rowsOf(
  client: Context['client'],
  callId: string | undefined,
  query: Record<string, string | number>,
): Promise<readonly WhatIf[]> {
  if (callId !== undefined) {
    const id = await findCallId(client, callId);
    return [await client.get<WhatIf>(`/calls/${encodeURIComponent(id)}/what-if`)];
  }
  return (await client.get<WhatIfList>('/calls/what-if', query)).calls;
}
