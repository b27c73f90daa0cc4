/**
 * The tables of the docs that are generated from code: settings, failures, refusals, endpoints, the command line. `npm run
 * docs` writes each between its markers. A test fails if the docs differ.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { endpointsOf } from '../src/api/app.ts';
import type { ApiDependencies } from '../src/api/http/dependencies.ts';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { scopeTable } from '../src/domain/api-key.ts';
import { failures, refusals } from '../src/domain/failures.ts';
import { cliSettings } from '../src/platform/cli-settings.ts';
import { loadConfig, settings } from '../src/platform/config.ts';
import { metricTable, rejectionReasons, type MetricRow } from '../src/platform/metric-table.ts';
import { removedSettings } from '../src/platform/removed-settings.ts';
import { packageRoot } from '../src/platform/paths.ts';
import { temporalMetricTable } from '../src/platform/temporal-metric-table.ts';
import { cliReference, exitCodeRows } from './cli-reference.ts';

/** The absolute paths of all Markdown files of the project. */
export async function docFiles(): Promise<string[]> {
  const top = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md'];
  const docs = await readdir(join(packageRoot, 'docs'), { recursive: true });
  const paths = [...top, ...docs.filter((path) => path.endsWith('.md')).map((path) => join('docs', path))];
  return paths.map((path) => join(packageRoot, path));
}

const tables: Readonly<Record<string, () => string>> = {
  settings: () => settingsTable(settings),
  'settings-first': () =>
    settingsTable(
      settings,
      'HOLDFAST_HOST',
      'HOLDFAST_PORT',
      'HOLDFAST_DATA_DIR',
      'HOLDFAST_API_KEYS',
      'HOLDFAST_ENCRYPTION_KEY',
      'HOLDFAST_DRAIN_SECONDS',
      'HOLDFAST_DEADLINE_SECONDS',
      'HOLDFAST_RETENTION_DAYS',
      'HOLDFAST_CIRCUIT_BREAKER',
      'HOLDFAST_MAX_CALLS_IN_FLIGHT',
    ),
  'settings-removed': () =>
    markdown(
      ['removed setting', 'why'],
      Object.entries(removedSettings).map(([name, reason]) => [code(name), reason]),
    ),
  scopes: () =>
    markdown(
      ['scope', 'what it allows'],
      Object.entries(scopeTable).map(([scope, what]) => [code(scope), what]),
    ),
  metrics: () => markdown(...ownMetrics()),
  'rejection-reasons': () =>
    markdown(
      ['reason', 'why'],
      Object.entries(rejectionReasons).map(([reason, why]) => [code(reason), why]),
    ),
  'metrics-temporal': () => markdown(...otherMetrics(Object.entries(temporalMetricTable))),
  'metrics-process': () => markdown(...otherMetrics(processMetrics())),
  failures: failuresTable,
  refusals: refusalsTable,
  endpoints: endpointsTable,
  'cli-settings': () => settingsTable(cliSettings),
  'exit-codes': () => markdown(['code', 'when'], exitCodeRows()),
  commands: cliReference,
};

/** Returns `text` with every `<!-- table: NAME -->` ... `<!-- end -->` generated anew. Throws for an unknown name. */
export function withTables(text: string): string {
  return text.replaceAll(
    /(<!-- table: ([\w-]+) -->\n)[^]*?(<!-- end -->)/g,
    (_all, begin: string, name: string, end: string) => {
      const table = tables[name];
      if (!table) throw new Error(`No table is called ${name}; there are ${Object.keys(tables).join(', ')}`);
      return `${begin}\n${table()}\n\n${end}`;
    },
  );
}

type Table = Parameters<typeof markdown>;

function ownMetrics(): Table {
  return [
    ['metric', 'type', 'unit', 'labels', 'reach', 'at', 'what it is'],
    Object.entries<MetricRow>(metricTable).map(([name, { type, unit, labels, reach, at, help }]) => [
      code(name),
      type,
      unit,
      labels.map(code).join(', '),
      reach,
      at,
      help,
    ]),
  ];
}

type OtherMetric = Pick<MetricRow, 'type' | 'help' | 'labels'>;

function otherMetrics(rows: readonly (readonly [string, OtherMetric])[]): Table {
  return [
    ['metric', 'type', 'labels', 'what it is'],
    rows.map(([name, { type, labels, help }]) => [code(name), type, labels.map(code).join(', '), help]),
  ];
}

/** What prom-client collects by itself, as its objects describe themselves. */
function processMetrics(): [string, OtherMetric][] {
  const register = new Registry();
  collectDefaultMetrics({ register });
  const own = register.getMetricsAsArray() as unknown as readonly (OtherMetric & {
    readonly name: string;
    readonly labelNames: readonly string[];
  })[];
  return own.map(({ name, type, help, labelNames }) => [name, { type, help, labels: labelNames }]);
}

function settingsTable(known: Readonly<Record<string, z.ZodType>>, ...names: string[]): string {
  const chosen = Object.entries(known).filter(([name]) => names.length === 0 || names.includes(name));
  return markdown(
    ['setting', 'default', 'takes', 'what it is'],
    chosen.map(([name, schema]) => {
      const { default: fallback, ...shape } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
      const shown = fallback === undefined || fallback === '' ? '' : code(fallback as string | number);
      return [code(name), shown, takes(shape), schema.description ?? ''];
    }),
  );
}

function takes({ type, minimum, maximum, enum: values }: z.core.JSONSchema.BaseSchema): string {
  if (values) return values.map((value) => code(value as string)).join(', ');
  return type === 'integer' ? `${minimum ?? ''} to ${maximum ?? ''}` : 'text';
}

function failuresTable(): string {
  const retry = {
    yes: 'yes',
    no: 'no',
    once: 'yes, once',
    'retry-after': 'yes, no sooner than `Retry-After`',
  };
  const health = { counts: 'yes', unreachable: 'yes, as unreachable', ignored: 'no' };
  return markdown(
    ['error_type', 'when', 'same agent again', 'next agent', 'counts against health'],
    Object.entries(failures).map(([type, row]) => [
      code(type),
      row.when,
      retry[row.retry],
      row.fallBack ? 'yes' : 'no',
      health[row.health],
    ]),
  );
}

function refusalsTable(): string {
  return markdown(
    ['error_type', 'status', 'what it says'],
    Object.entries(refusals).map(([type, { status, title }]) => [code(type), String(status), title]),
  );
}

function endpointsTable(): string {
  // The declarations need no running service, only the limits that their schemas contain.
  const config = loadConfig({});
  const rooms = { calls: {}, sessions: {}, agents: {}, reruns: {}, archive: {} };
  const endpoints = endpointsOf({ ...rooms, config } as unknown as ApiDependencies, () => ({ openapi: '' }));
  return markdown(
    ['endpoint', 'what it does', 'success', 'refusals'],
    endpoints.map((one) => [
      code(`${one.method.toUpperCase()} ${one.path}`),
      one.summary,
      Object.keys(one.answers).join(', '),
      [...new Set(one.refusals.map((type) => refusals[type].status))].sort().join(', '),
    ]),
  );
}

function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function code(text: string | number): string {
  return `\`${text}\``;
}
