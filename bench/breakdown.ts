/**
 * `npx tsx bench/breakdown.ts [CALLS]` measures where the time of a call goes. It uses only the clocks of the call's caller and
 * agent and the timestamps of its history. `--docs` writes the table and the chart of docs/performance.md.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../src/platform/paths.ts';
import { startWatchedAgents, takeApart } from './breakdown/calls.ts';
import { spanNames } from './breakdown/milestones.ts';
import { Children } from './children.ts';
import { inTemporaryFolder, regularPath, startProduct } from './product.ts';
import { stackedBars, type Stack } from './stacked-bars.ts';
import { forMarkdown, forTerminal, type Table } from './tables.ts';
import { withFigures } from './write-docs.ts';

const [first = '200'] = process.argv.slice(2).filter((word) => word !== '--docs');
const count = Number(first);
const warmUps = 40;
const kinds = [
  { title: 'call', body: { agent_name: 'quick' }, environment: {} },
  { title: 'by the activity', body: { agent_name: 'quick' }, environment: regularPath },
  { title: 'one failed agent', body: { agent_name: 'one-failed' }, environment: {} },
  { title: 'in a session', body: { agent_name: 'quick', session_id: 'apart' }, environment: {} },
];

const agents = await startWatchedAgents();
const taken: Stack[] = [];
for (const [index, { title, body, environment }] of kinds.entries())
  await inTemporaryFolder(async (folder) => {
    console.error(title);
    const children = new Children();
    try {
      const dataDir = join(folder, String(index));
      await mkdir(dataDir);
      const product = await startProduct(children, { dataDir, environment });
      await agents.register(product);
      await takeApart(product, agents, body, warmUps);
      taken.push({ title, parts: await takeApart(product, agents, body, count) });
    } finally {
      await children.stop();
    }
  });
agents.close();

const table = tableOf(taken);
console.log(forTerminal(table));
if (process.argv.includes('--docs')) {
  const page = join(packageRoot, 'docs', 'performance.md');
  await writeFile(page, withFigures(await readFile(page, 'utf8'), 'breakdown', forMarkdown(table)));
  await writeFile(
    join(packageRoot, 'docs', 'breakdown.svg'),
    stackedBars('Where the time of a call goes, in ms', taken, spanNames),
  );
}
process.exit(0);

function tableOf(all: readonly Stack[]): Table {
  return {
    head: ['median ms', ...all.map(({ title }) => title)],
    rows: spanNames.map((name) => [
      name,
      ...all.map(({ parts }) => parts.find(({ what }) => what === name)?.ms.toFixed(1) ?? ''),
    ]),
  };
}
