import { text as readAll } from 'node:stream/consumers';
import { Option, type Command } from 'commander';
import type { Agent, AgentList, AgentRegistered } from '../../contract/agents.ts';
import { mayShareToken } from '../../domain/agent.ts';
import { changesOf, type AgentOnWire } from '../agent-changes.ts';
import { declareForNode, withNode, type Context } from '../command.ts';
import { CliError } from '../errors.ts';
import { positive, wholeNumber } from '../filter-options.ts';
import { jsonText, type JsonText } from '../json-text.ts';
import { note } from '../output.ts';

interface Options {
  readonly timeout?: number;
  readonly retries?: number;
  readonly maxConcurrency?: number;
  readonly fallback?: readonly string[];
  readonly tokenEnv?: string;
  readonly tokenStdin?: true;
  /** False: --no-token. */
  readonly token: boolean;
  readonly healthPath?: string;
  readonly history?: Agent['history'];
  readonly expect?: JsonText;
  readonly replace?: true;
}

export function addAgentsAdd(agents: Command): void {
  declareForNode(agents, 'add <name> <agent-url>', 'register an agent, or replace its config', [
    'agents add helper http://127.0.0.1:9101',
    'agents add expert https://expert.example/v1/messages --fallback helper --token-env EXPERT_TOKEN',
    'agents add helper http://127.0.0.1:9101 --timeout 60 --replace',
  ])
    .option('--timeout <seconds>', 'for one answer; default 30', positive)
    .option('--retries <count>', 'beyond the first try; default 3', wholeNumber(0, 10))
    .option('--max-concurrency <count>', 'calls that one node takes at a time', wholeNumber(1, 100_000))
    .option('--fallback <names...>', 'agents to ask after it, in this order')
    .addOption(
      new Option('--token-env <variable>', 'its bearer token is in this environment variable').conflicts(
        'tokenStdin',
      ),
    )
    .option('--token-stdin', 'its bearer token comes on standard input')
    .addOption(
      new Option('--no-token', 'with --replace: without the token that it has').conflicts([
        'tokenEnv',
        'tokenStdin',
      ]),
    )
    .option('--health-path <path>', 'a free GET to probe now and then')
    .addOption(
      new Option('--history <what>', "none: the prompt alone, without the session's messages").choices([
        'window',
        'none',
      ]),
    )
    .option('--expect <json>', 'what an answer must be like', jsonText('JSON', '{"min_length": 10}'))
    .option(
      '--replace',
      'where it is registered already: what is not given becomes the default, the token stays',
    )
    .action(withNode(add));
}

async function add({ client, out }: Context, name: string, at: string, options: Options): Promise<undefined> {
  const wished = wishOf(name, at, options);
  const given = await tokenOf(options);
  const { agents } = await client.get<AgentList>('/agents');
  const before = agents.find((agent) => agent.name === name);
  const keeps = before?.has_auth_token === true && given === undefined && options.token;
  if (before) confirmReplaced(before, wished, { given: given !== undefined, keeps }, options);
  const { body } = await client.request<AgentRegistered>('POST', '/register', {
    body: { ...wished, expect: undefined, auth_token: given, ...(keeps && { keep_auth_token: true }) },
    rawMembers: { expect: options.expect },
  });
  if (out.json) out.document(body);
  else {
    const how = body.replaced ? ', in place of what it was' : '';
    out.text(`${body.agent_name} at ${body.url} is registered${how}`);
    for (const warning of body.warnings) note(`Warning: ${warning}`);
  }
}

/** The whole config, so that what would change can be told before it does. */
function wishOf(name: string, at: string, options: Options): AgentOnWire {
  return {
    name,
    ...placeOf(at),
    timeout_seconds: options.timeout ?? 30,
    max_retries: options.retries ?? 3,
    max_concurrency: options.maxConcurrency ?? null,
    fallback_agents: options.fallback ?? [],
    health_path: options.healthPath ?? null,
    history: options.history ?? 'window',
    expect: options.expect === undefined ? null : (JSON.parse(options.expect) as AgentOnWire['expect']),
  };
}

interface TokenWish {
  readonly given: boolean;
  /** The one that it has stays. */
  readonly keeps: boolean;
}

/** Throws unless nothing would change, or --replace was said; then tells what does. */
function confirmReplaced(before: Agent, after: AgentOnWire, token: TokenWish, options: Options): void {
  if (token.keeps && !mayShareToken(before, after))
    throw new CliError(
      'usage',
      `${after.name} is registered with a token for ${before.protocol}://${before.host}: for another address give the token again (--token-env, --token-stdin), or say --no-token`,
    );
  const ofToken = token.given
    ? ['token: the one that is given']
    : before.has_auth_token && !token.keeps
      ? ['token: removed']
      : [];
  const changes = [...changesOf(before, after), ...ofToken];
  if (changes.length === 0) return;
  const told = [...changes, ...(token.keeps ? ['token: stays as it is'] : [])].map((line) => `\n  - ${line}`);
  if (!options.replace)
    throw new CliError(
      'usage',
      `${after.name} is registered already; --replace would change:${told.join('')}`,
    );
  note(`Replacing ${after.name}:${told.join('')}`);
}

function placeOf(at: string): Pick<AgentOnWire, 'protocol' | 'host' | 'port' | 'path'> {
  if (!URL.canParse(at) || !/^https?:$/.test(new URL(at).protocol))
    throw new CliError('usage', `${at} is no URL of an agent: give one like http://127.0.0.1:9101`);
  const { protocol, hostname, port, pathname, search, hash, username, password } = new URL(at);
  if (username !== '' || password !== '')
    throw new CliError(
      'usage',
      'A URL with a password is seen by other programs: use --token-env or --token-stdin',
    );
  if (hash !== '')
    throw new CliError('usage', `${hash} at the end of ${at} is never sent to a server: leave it out`);
  const scheme = protocol === 'https:' ? 'https' : 'http';
  return {
    protocol: scheme,
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? { http: 80, https: 443 }[scheme] : Number(port),
    path: pathname === '/' && search === '' ? '/v1/messages' : pathname + search,
  };
}

/** Never an argument: those are seen by every program of the machine. */
async function tokenOf({ tokenEnv, tokenStdin }: Options): Promise<string | undefined> {
  if (tokenStdin) return (await readAll(process.stdin)).trim();
  if (tokenEnv === undefined) return undefined;
  const token = process.env[tokenEnv];
  if (token === undefined || token === '')
    throw new CliError('usage', `The environment variable ${tokenEnv} of --token-env is not set`);
  return token;
}
