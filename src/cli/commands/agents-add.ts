import { text as readAll } from 'node:stream/consumers';
import { Option, type Command } from 'commander';
import type { Agent, AgentList, AgentRegistered } from '../../contract/agents.ts';
import { mayShareToken } from '../../domain/agent.ts';
import { parseReference, referenceTakes } from '../../domain/secret-reference.ts';
import { changesOf, type ComparableAgent } from '../agent-changes.ts';
import { declareForNode, withNode, type Context } from '../command.ts';
import { CliError } from '../errors.ts';
import { positive, wholeNumber } from '../filter-options.ts';
import { jsonText, type JsonText } from '../json-text.ts';
import { note } from '../output.ts';

interface Options {
  /** The time limit of one try, in seconds. */
  readonly timeout?: number;
  readonly retries?: number;
  readonly maxConcurrency?: number;
  readonly fallback?: readonly string[];
  readonly tokenEnv?: string;
  readonly tokenStdin?: true;
  readonly tokenRef?: string;
  /** Whether the agent may have a token. False with --no-token. */
  readonly token: boolean;
  readonly healthPath?: string;
  readonly onlyFor?: string;
  readonly history?: Agent['history'];
  readonly expect?: JsonText;
  readonly replace?: true;
}

/** Declares `agents add`. */
export function addAgentsAdd(agents: Command): void {
  declareForNode(agents, 'add <name> <agent-url>', 'register an agent, or replace its configuration', [
    'agents add helper http://127.0.0.1:9101',
    'agents add expert https://expert.example/v1/messages --fallback helper --token-env EXPERT_TOKEN',
    'agents add helper http://127.0.0.1:9101 --timeout 60 --replace',
  ])
    .option('--timeout <seconds>', 'time limit for one answer (default: 30)', positive)
    .option('--retries <count>', 'how often a failed request is tried again (default: 3)', wholeNumber(0, 10))
    .option('--max-concurrency <count>', 'requests in flight to the agent, per node', wholeNumber(1, 100_000))
    .option('--fallback <names...>', 'agents to ask if it fails, in this order')
    .addOption(
      new Option('--token-env <variable>', 'environment variable that holds its bearer token').conflicts(
        'tokenStdin',
      ),
    )
    .option('--token-stdin', 'read its bearer token from standard input')
    .addOption(
      new Option(
        '--token-ref <reference>',
        'where each process finds its bearer token: env:HOLDFAST_SECRET_NAME, or file:NAME in HOLDFAST_SECRETS_DIR',
      ).conflicts(['tokenEnv', 'tokenStdin']),
    )
    .addOption(
      new Option('--no-token', 'with --replace: remove its stored token').conflicts([
        'tokenEnv',
        'tokenStdin',
        'tokenRef',
      ]),
    )
    .option('--only-for <project>', 'the only project that may use it (default: all projects)')
    .option('--health-path <path>', 'path that answers a GET at no cost, for health probes')
    .addOption(
      new Option(
        '--history <what>',
        "what it gets: the session's newest messages with the prompt, or the prompt alone",
      ).choices(['window', 'none']),
    )
    .option(
      '--expect <json>',
      'rules that an answer must meet, otherwise it counts as a failure',
      jsonText('JSON', '{"min_length": 10}'),
    )
    .option(
      '--replace',
      'replace a registered agent; options that are not given get their defaults, the token stays',
    )
    .action(withNode(add));
}

async function add({ client, out }: Context, name: string, at: string, options: Options): Promise<undefined> {
  const wanted = configOf(name, at, options);
  const given = await tokenOf(options);
  const { agents } = await client.get<AgentList>('/agents');
  const before = agents.find((agent) => agent.name === name);
  const keeps = before?.has_auth_token === true && given === undefined && options.token;
  if (before) checkReplacement(before, wanted, { given: given !== undefined, keeps }, options);
  const { body } = await client.request<AgentRegistered>('POST', '/register', {
    body: { ...wanted, expect: undefined, auth_token: given, ...(keeps && { keep_auth_token: true }) },
    rawMembers: { expect: options.expect },
  });
  if (out.json) out.document(body);
  else {
    const how = body.replaced ? ' and replaces its previous configuration' : '';
    out.text(`${body.agent_name} at ${body.url} is registered${how}`);
    for (const warning of body.warnings) note(`Warning: ${warning}`);
  }
}

/** Returns the complete configuration with all defaults, so that it can be compared with the registered one. */
function configOf(name: string, at: string, options: Options): ComparableAgent {
  return {
    name,
    project: options.onlyFor ?? null,
    ...addressOf(at),
    timeout_seconds: options.timeout ?? 30,
    max_retries: options.retries ?? 3,
    max_concurrency: options.maxConcurrency ?? null,
    fallback_agents: options.fallback ?? [],
    health_path: options.healthPath ?? null,
    history: options.history ?? 'window',
    expect: options.expect === undefined ? null : (JSON.parse(options.expect) as ComparableAgent['expect']),
  };
}

interface TokenChange {
  /** Whether the user gives a new token. */
  readonly given: boolean;
  /** Whether the agent keeps the token that the node has stored. */
  readonly keeps: boolean;
}

/** Prints what a replacement changes. Throws `CliError` with the changes if there are any and --replace is not given. */
function checkReplacement(before: Agent, after: ComparableAgent, token: TokenChange, options: Options): void {
  if (token.keeps && !mayShareToken(before, after))
    throw new CliError(
      'usage',
      `The stored token of ${after.name} is for ${before.protocol}://${before.host} only: for another address give a token (--token-env, --token-stdin), or remove it with --no-token`,
    );
  const ofToken = token.given
    ? ['token: replaced by the given one']
    : before.has_auth_token && !token.keeps
      ? ['token: removed']
      : [];
  const changes = [...changesOf(before, after), ...ofToken];
  if (changes.length === 0) return;
  const lines = [...changes, ...(token.keeps ? ['token: stays as it is'] : [])].map(
    (line) => `\n  - ${line}`,
  );
  if (!options.replace)
    throw new CliError(
      'usage',
      `${after.name} is already registered. Nothing was changed; --replace would change:${lines.join('')}`,
    );
  note(`Replacing ${after.name}:${lines.join('')}`);
}

/**
 * Splits the agent's URL into the fields of a registration. Throws `CliError` if `at` is not an http or https URL, or has parts
 * that the agent would not receive.
 */
function addressOf(at: string): Pick<ComparableAgent, 'protocol' | 'host' | 'port' | 'path'> {
  if (!URL.canParse(at) || !/^https?:$/.test(new URL(at).protocol))
    throw new CliError('usage', `${at} is not the URL of an agent: give one like http://127.0.0.1:9101`);
  const { protocol, hostname, port, pathname, search, hash, username, password } = new URL(at);
  if (username !== '' || password !== '')
    throw new CliError(
      'usage',
      'Other programs can see a password in a URL: remove it, and give a token with --token-env or --token-stdin',
    );
  if (hash !== '')
    throw new CliError('usage', `${hash} at the end of ${at} is never sent to a server: remove it`);
  const scheme = protocol === 'https:' ? 'https' : 'http';
  return {
    protocol: scheme,
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? { http: 80, https: 443 }[scheme] : Number(port),
    path: pathname === '/' && search === '' ? '/v1/messages' : pathname + search,
  };
}

/**
 * Reads the token that the user gives, or the reference to it; undefined without one. A token is never an argument, because
 * every program of the machine can see arguments.
 */
async function tokenOf({ tokenEnv, tokenStdin, tokenRef }: Options): Promise<string | undefined> {
  if (tokenRef !== undefined) {
    if (!parseReference(tokenRef)) throw new CliError('usage', `--token-ref: ${referenceTakes}`);
    return tokenRef;
  }
  if (tokenStdin) return (await readAll(process.stdin)).trim();
  if (tokenEnv === undefined) return undefined;
  const token = process.env[tokenEnv];
  if (token === undefined || token === '')
    throw new CliError('usage', `--token-env: the environment variable ${tokenEnv} is not set`);
  return token;
}
