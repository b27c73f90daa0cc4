/** The commands `keys`: create, list, limit, rotate and revoke API keys. */
import { Option, InvalidArgumentError, type Command } from 'commander';
import type { Key, KeyList, KeyRequest, ShownKey } from '../../contract/keys.ts';
import { scopes, type Scope } from '../../domain/api-key.ts';
import { without } from '../../lib/without.ts';
import { keyIdOf } from '../../domain/key-text.ts';
import { declareForNode, withExamples, withNode, type Context } from '../command.ts';
import { confirm } from '../confirm.ts';
import { CliError } from '../errors.ts';
import { durationSeconds } from '../filter-options.ts';
import {
  asList,
  limitsInWords,
  limitsOf,
  newLimits,
  withLimits,
  type LimitOptions,
} from '../limit-options.ts';
import { note } from '../output.ts';

interface CreateOptions extends LimitOptions {
  readonly name: string;
  readonly scope: readonly Scope[];
  readonly agents?: readonly string[];
  /** In seconds. */
  readonly expires?: number;
}

/** Declares the commands. */
export function addKeyCommands(program: Command): void {
  const keys = withExamples(
    program.command('keys').description('create, list, limit, rotate and revoke API keys'),
    [
      'keys create --name operator --scope admin',
      "keys create --name crm --project crm --scope call,read --agents 'pm-*' --expires 90d",
      'keys list',
    ],
  );
  const creating = declareForNode(keys, 'create', 'create an API key, which is shown once', [
    'keys create --name operator --scope admin',
    "keys create --name crm --project crm --scope call,read --agents 'pm-*' --expires 90d --calls-per-day 1000",
  ])
    .requiredOption('--name <name>', 'what the key is for')
    .addOption(
      new Option('--scope <scopes>', `what it may do, separated by commas: ${scopes.join(', ')}`)
        .argParser(asScopes)
        .makeOptionMandatory(),
    )
    .option('--agents <patterns>', "agents that it may call, separated by commas: helper,'pm-*'", asList)
    .option(
      '--expires <duration>',
      'how long it is valid: 90d, 12h (default: until revoked)',
      durationSeconds,
    );
  withLimits(creating).action(withNode(create));
  declareForNode(keys, 'list', 'list the API keys, the oldest first', [
    'keys list',
    'keys list --json | jq ".keys[] | select(.status == \\"valid\\")"',
  ]).action(withNode(list));
  const limiting = declareForNode(keys, 'limit <key-id>', 'replace the limits of a key', [
    'keys limit 4kTq0cX9aB2d --requests-per-minute 60 --calls-in-flight 5',
    'keys limit 4kTq0cX9aB2d --none',
  ]);
  withLimits(limiting).option('--none', 'no limits any more').action(withNode(limit));
  declareForNode(keys, 'rotate <key-id>', 'give a key a new secret, which is shown once', [
    'keys rotate 4kTq0cX9aB2d --overlap 7d',
  ])
    .option('--overlap <duration>', 'how long the secret before stays valid (default: 24h)', durationSeconds)
    .action(withNode(rotate));
  declareForNode(keys, 'revoke <key-id>', 'end a key at once', ['keys revoke 4kTq0cX9aB2d'])
    .option('--yes', 'do not ask')
    .action(withNode(revoke));
}

async function create({ client, out }: Context, options: CreateOptions): Promise<undefined> {
  const { name, scope, agents, expires } = options;
  const { project } = client;
  const { body } = await client.request<ShownKey>('POST', '/keys', {
    body: {
      name,
      project,
      scopes: scope,
      agents,
      expires_in_seconds: expires,
      limits: limitsOf(without(options, 'agents')),
    } satisfies KeyRequest,
  });
  show({ out }, body, 'Created');
}

async function list({ client, out }: Context): Promise<undefined> {
  const all = await client.get<KeyList>('/keys');
  if (out.json) {
    out.document(all);
    return;
  }
  out.table(
    [
      'key',
      'name',
      'project',
      'status',
      'scopes',
      'agents',
      'limits',
      'created',
      'expires',
      'revoked',
      'last used',
    ],
    all.keys.map((key) => [
      key.id,
      key.name,
      key.project,
      key.status,
      key.scopes.join(','),
      key.agents?.join(',') ?? 'all',
      limitsInWords(key.limits),
      key.created_at,
      key.expires_at,
      key.revoked_at,
      key.last_used_at,
    ]),
    { status: out.state },
  );
}

async function limit(
  { client, out }: Context,
  id: string,
  options: LimitOptions & { readonly none?: true },
): Promise<undefined> {
  const { body } = await client.request<Key>('PATCH', `/keys/${idFrom(id)}`, {
    body: { limits: newLimits(options) },
  });
  if (out.json) out.document(body);
  else out.text(`${body.id} (${body.name}): ${limitsInWords(body.limits) ?? 'no limits'}`);
}

async function rotate(
  { client, out }: Context,
  id: string,
  { overlap }: { readonly overlap?: number },
): Promise<undefined> {
  const { body } = await client.request<ShownKey>('POST', `/keys/${idFrom(id)}/rotate`, {
    body: { overlap_seconds: overlap },
  });
  show({ out }, body, 'Rotated');
}

async function revoke(
  { client, out }: Context,
  id: string,
  { yes }: { readonly yes?: boolean },
): Promise<undefined> {
  await confirm(`Revoke the key ${idFrom(id)}? Whoever uses it is refused at once.`, yes);
  const { body } = await client.request<Key>('DELETE', `/keys/${idFrom(id)}`);
  if (out.json) out.document(body);
  else out.text(`Revoked ${body.id} (${body.name})`);
}

/** The key itself is the whole of standard output, so that a script can take it from there. */
function show({ out }: Pick<Context, 'out'>, key: ShownKey, what: string): void {
  if (out.json) {
    out.document(key);
    return;
  }
  note(`${what} ${key.id} (${key.name}). This is the only time that it is shown:`);
  out.text(key.key);
}

/** Takes the id of a key, or the key itself, which is then not sent. */
function idFrom(given: string): string {
  const text = given.trim();
  const id = keyIdOf(text);
  if (id === undefined && text.includes('hf_'))
    throw new CliError(
      'usage',
      'This looks like an API key with a mistake in it; give its id: holdfast keys list',
    );
  return encodeURIComponent(id ?? text);
}

function asScopes(text: string): Scope[] {
  return asList(text).map((one) => {
    const scope = scopes.find((known) => known === one);
    if (!scope) throw new InvalidArgumentError(`'${one}' is no scope. Takes ${scopes.join(', ')}.`);
    return scope;
  });
}
