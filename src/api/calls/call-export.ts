import { createGzip } from 'node:zlib';
import type { Archive } from '../../services/archive/archive.ts';
import { invalid } from '../../domain/failures.ts';
import { ndjsonOf, tarOf } from './call-export-format.ts';
import { toCallFilter } from './call-filter-wire.ts';
import type { ApiDependencies } from '../http/dependencies.ts';
import { endpoint, type Endpoint } from '../http/endpoint.ts';
import { callExportQuery } from '../../contract/call-requests.ts';
import { exportedCall } from '../../contract/calls.ts';
import { sendPieces } from '../http/send-pieces.ts';

/** The endpoint that exports histories, from Temporal or from the archive. */
export function callExportEndpoints({ archive }: Pick<ApiDependencies, 'archive'>): Endpoint[] {
  return [
    endpoint({
      method: 'get',
      path: '/api/vps/calls/export',
      scope: 'read',
      projects: 'any',
      tag: 'calls',
      summary: 'Export the histories of calls',
      description:
        'A stream of all that the filter is about, as they are found: ndjson, or application/gzip where format is tar.gz. One that breaks off is not whole.',
      query: callExportQuery,
      answers: {
        200: {
          description: 'A line per call',
          schema: exportedCall,
          mediaType: 'application/x-ndjson',
          headers: { 'Holdfast-Total-Count': 'How many calls there were at the start; absent of an archive' },
        },
      },
      refusals: ['validation_failed', 'temporal_unavailable', 'payload_store_unavailable'],
      handle: async ({ query: { format, archive: fromArchive, ...wireFilter }, project, response }) => {
        const filter = toCallFilter(project, wireFilter);
        const archived = fromArchive === 'true';
        const headers = archived ? {} : { 'Holdfast-Total-Count': String(await archive.countCalls(filter)) };
        const calls = archived ? open(archive.failedCalls).calls(filter) : archive.exportCalls(filter);
        return format === 'ndjson'
          ? sendPieces(response, ndjsonOf(calls), {
              name: 'holdfast-calls.ndjson',
              mediaType: 'application/x-ndjson',
              headers,
            })
          : sendPieces(response, tarOf(calls), {
              name: 'holdfast-calls.tar.gz',
              mediaType: 'application/gzip',
              through: createGzip(),
              headers,
            });
      },
    }),
  ];
}

function open(archive: Archive | undefined): Archive {
  if (archive) return archive;
  const message = 'there is no archive: set HOLDFAST_ARCHIVE to a folder or to payload-store';
  throw invalid('archive', message);
}
