/** Whether an answer is one that the OpenAPI document describes. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect } from 'vitest';
import type { HttpAnswer, Json } from '../rig/http-client.ts';

interface Operation {
  readonly deprecated?: boolean;
  readonly responses: Record<string, { readonly content?: Record<string, { readonly schema: Json }> }>;
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly schema: { readonly type?: string };
  }[];
}
export type Document = Json & { readonly paths: Record<string, Record<string, Operation>> };

/** Every schema that lists properties takes no others: an answer must not hold what is not documented. */
function closed(schema: unknown): unknown {
  if (typeof schema !== 'object' || schema === null) return schema;
  if (Array.isArray(schema)) return schema.map(closed);
  const inner = Object.fromEntries(Object.entries(schema).map(([name, value]) => [name, closed(value)]));
  return 'properties' in inner && !('additionalProperties' in inner)
    ? { ...inner, additionalProperties: false }
    : inner;
}

/** Objects that are open by their nature: problems have extra members, these two are other formats' own. */
const open = new Set(['get /openapi.json', 'get /api/vps/calls/{id}/history']);

export function operationOf(document: Document, endpoint: string): Operation {
  const [method = '', path = ''] = endpoint.split(' ');
  const operation = document.paths[path]?.[method];
  if (!operation) throw new Error(`${endpoint} is not documented`);
  return operation;
}

/** Throws unless the answer is one of those that are documented for the endpoint. */
export function expectDocumented(
  document: Document,
  endpoint: string,
  { status, headers, body }: HttpAnswer,
): void {
  const response = operationOf(document, endpoint).responses[String(status)];
  if (!response) throw new Error(`${endpoint}: ${status} is not documented: ${JSON.stringify(body)}`);
  const [mediaType = '', content] = Object.entries(response.content ?? {})[0] ?? [];
  expect([endpoint, headers.get('Content-Type')?.split(';')[0] ?? '']).toEqual([endpoint, mediaType]);
  if (!content || mediaType.startsWith('text/')) return;
  const isOpen = status >= 400 || open.has(endpoint);
  const components = isOpen ? document.components : closed(document.components);
  const ajv = new Ajv2020({ strict: false, formats: { 'date-time': /^\d{4}-\d\d-\d\dT[\d:.]+Z$/ } });
  const validate = ajv.compile({
    ...((isOpen ? content.schema : closed(content.schema)) as Json),
    components,
  });
  validate(body);
  expect({ endpoint, status, errors: validate.errors }).toEqual({ endpoint, status, errors: null });
}
