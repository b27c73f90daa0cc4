/**
 * Ids, queries and payloads are made and read in one place each, so that an owner of calls and sessions, or a codec, is
 * added there and nowhere else.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import {
  accessDirectoryId,
  agentDirectoryId,
  agentHealthId,
  alertBookId,
  batchWorkflowId,
  callWorkflowId,
  clusterTermsId,
  endingsId,
  keyUsageId,
  sessionWorkflowId,
} from '../../src/domain/ids.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

const sources = new Map(
  readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => [`src/${path}`, readFileSync(join(root, 'src', path), 'utf8')]),
);

/** The texts of a file's string and template literals; what it imports is left out. */
function literalsIn(text: string): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return;
    if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node)) found.push(node.text);
    else if (ts.isTemplateMiddle(node) || ts.isTemplateTail(node)) found.push(node.text);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile('source.ts', text, ts.ScriptTarget.Latest));
  return found.filter((literal) => literal !== '');
}

const literals = [...sources].map(([path, text]) => ({ path, found: literalsIn(text) }));

/** The files below src that hold such a literal. */
function filesWith(matches: (literal: string) => boolean): string[] {
  return literals.filter(({ found }) => found.some(matches)).map(({ path }) => path);
}

it('literals are found in strings and in templates, and not in imports', () => {
  const text = "import 'call-1'; const a = ['call-2', `call-${a}`, `${a}call-3`, `call-4`]; // 'call-5'";
  expect(literalsIn(text)).toEqual(['call-2', 'call-', 'call-3', 'call-4']);
});

describe('there is one place', () => {
  it('for the form of workflow ids: src/domain/ids.ts', () => {
    const prefixes = [callWorkflowId(''), sessionWorkflowId(''), 'session@', batchWorkflowId('')];
    const entities = [
      accessDirectoryId,
      agentDirectoryId,
      agentHealthId,
      alertBookId,
      clusterTermsId,
      endingsId,
      keyUsageId,
    ];
    const isId = (literal: string): boolean =>
      entities.includes(literal) || prefixes.some((prefix) => literal.startsWith(prefix));
    expect(filesWith(isId)).toEqual(['src/domain/ids.ts']);
  });

  it('where a query names types and ids of workflows: src/services/temporal/queries.ts', () => {
    const isQuery = (literal: string): boolean =>
      /\b(WorkflowType|WorkflowId) (=|!=|IN|STARTS_WITH)/.test(literal);
    expect(filesWith(isQuery)).toEqual(['src/services/temporal/queries.ts']);
  });

  it('where payloads are decoded: src/temporal-sdk/payloads.ts', () => {
    const decoding = [...sources].filter(([, text]) => /\bfromPayloads?\b|PayloadConverter\b/.test(text));
    expect(decoding.map(([path]) => path)).toEqual(['src/temporal-sdk/payloads.ts']);
  });

  it('for how payloads are written, which every client of Temporal is given', () => {
    const made = [...sources].flatMap(([path, text]) =>
      [...text.matchAll(/new Client\(([^)]*)\)/g)].map(([, options = '']) => ({ path, options })),
    );
    expect(made.length).toBeGreaterThan(0);
    expect(made.filter(({ options }) => !/\bdataConverter\b/.test(options))).toEqual([]);
  });
});
