/** The commands `projects`: create, list, limit and close projects. */
import type { Command } from 'commander';
import type { Project, ProjectList, ProjectRequest } from '../../contract/projects.ts';
import { declareForNode, withExamples, withNode, type Context } from '../command.ts';
import { confirm } from '../confirm.ts';
import { asList, limitsInWords, newLimits, withLimits, type LimitOptions } from '../limit-options.ts';

/** Declares the commands. */
export function addProjectCommands(program: Command): void {
  const projects = withExamples(
    program.command('projects').description('create, list, limit and close projects'),
    ['projects create crm', 'projects list'],
  );
  declareForNode(projects, 'create <name>', 'create a project', ['projects create crm']).action(
    withNode(create),
  );
  declareForNode(projects, 'list', 'list the projects, the oldest first', ['projects list']).action(
    withNode(list),
  );
  const limiting = declareForNode(
    projects,
    'limit <name>',
    'replace the limits that all keys of a project share',
    ["projects limit crm --calls-per-day 10000 --agents 'pm-*'", 'projects limit crm --none'],
  );
  withLimits(limiting)
    .option('--agents <patterns>', "agents that its calls may ask for: helper,'pm-*'", asList)
    .option('--none', 'no limits any more')
    .action(withNode(limit));
  declareForNode(projects, 'close <name>', 'close a project for good; its keys open nothing any more', [
    'projects close crm',
  ])
    .option('--yes', 'do not ask')
    .action(withNode(close));
}

async function create({ client, out }: Context, name: string): Promise<undefined> {
  const { body } = await client.request<Project>('POST', '/projects', {
    body: { name } satisfies ProjectRequest,
  });
  if (out.json) out.document(body);
  else out.text(`Created the project ${body.name}`);
}

async function list({ client, out }: Context): Promise<undefined> {
  const all = await client.get<ProjectList>('/projects');
  if (out.json) {
    out.document(all);
    return;
  }
  out.table(
    ['project', 'status', 'limits', 'created', 'closed'],
    all.projects.map(({ name, status, limits, created_at, closed_at }) => [
      name,
      status,
      limitsInWords(limits),
      created_at,
      closed_at,
    ]),
    { status: out.state },
  );
}

async function limit(
  { client, out }: Context,
  name: string,
  options: LimitOptions & { readonly none?: true },
): Promise<undefined> {
  const { body } = await client.request<Project>('PATCH', `/projects/${encodeURIComponent(name)}`, {
    body: { limits: newLimits(options) },
  });
  if (out.json) out.document(body);
  else out.text(`${body.name}: ${limitsInWords(body.limits) ?? 'no limits'}`);
}

async function close(
  { client, out }: Context,
  name: string,
  { yes }: { readonly yes?: boolean },
): Promise<undefined> {
  await confirm(`Close the project ${name} for good? Its keys open nothing any more.`, yes);
  const { body } = await client.request<Project>('POST', `/projects/${encodeURIComponent(name)}/close`);
  if (out.json) out.document(body);
  else out.text(`Closed the project ${body.name}`);
}
