import { z } from 'zod';
import { callCsvQuery } from '../../contract/call-requests.ts';
import type { FoundCall } from '../../services/calls/call-summary.ts';
import type { ApiDependencies } from '../http/dependencies.ts';
import { endpoint, type Endpoint } from '../http/endpoint.ts';
import { sendPieces } from '../http/send-pieces.ts';
import { toCallSearch, toListOrder } from './call-filter-wire.ts';
import { csvLine } from './csv.ts';
import { callSummaryToWire, coversToWire } from './wire.ts';

const columns = [
  'call_id',
  'status',
  'asked',
  'answered_by',
  'error_type',
  'session_id',
  'user_id',
  'started_at',
  'ended_at',
  'duration_ms',
  'rerun_of',
  'resolved',
] as const;

/** The endpoint that writes a list of calls as a file of CSV. */
export function callCsvEndpoints({ calls: { find } }: Pick<ApiDependencies, 'calls'>): Endpoint[] {
  return [
    endpoint({
      method: 'get',
      path: '/api/vps/calls.csv',
      scope: 'read',
      projects: 'any',
      tag: 'calls',
      summary: 'A list of calls as CSV',
      description:
        "The same calls in the same order as in the list, at most `limit`. With `metadata.*` or `prompt_contains` it ends once the content of 10,000 calls was read. A text that a spreadsheet would take for a formula begins with `'`.",
      query: callCsvQuery,
      gathers: 'metadata',
      answers: {
        200: {
          description: 'A line with the names of the columns, then a line per call',
          schema: z.string(),
          mediaType: 'text/csv',
          headers: { 'Holdfast-Covers': '`covers` of the list as JSON: what the file is made from' },
        },
      },
      refusals: ['validation_failed', 'temporal_unavailable', 'payload_store_unavailable'],
      handle: async ({ query: { limit, sort, order, include, ...search }, project, response }) => {
        const wish = toListOrder({ sort, order, include });
        const gone = new AbortController();
        response.once('close', () => gone.abort());
        const { covers, calls } = await find.all(toCallSearch(project, search), wish, limit, gone.signal);
        return sendPieces(response, csvOf(calls, wish.withPrompt), {
          name: 'holdfast-calls.csv',
          mediaType: 'text/csv; charset=utf-8; header=present',
          headers: { 'Holdfast-Covers': JSON.stringify(coversToWire(covers)) },
        });
      },
    }),
  ];
}

async function* csvOf(calls: AsyncIterable<FoundCall>, withPrompt: boolean): AsyncGenerator<string> {
  yield csvLine([...columns, ...(withPrompt ? ['prompt_preview'] : [])]);
  for await (const call of calls) {
    const row = callSummaryToWire(call);
    const preview = withPrompt ? [row.prompt_preview ?? null] : [];
    yield csvLine([...columns.map((name) => row[name]), ...preview]);
  }
}
