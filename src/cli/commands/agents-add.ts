import { text as readAll } from 'node:stream/consumers';
import { Option, type Command } from 'commander';
import { declareForNode, withNode, type Context } from '../command.ts';
import { CliError } from '../errors.ts';
import { positive, wholeNumber } from '../filter-options.ts';
import { jsonText, type JsonText } from '../json-text.ts';

interface Options {
  readonly timeout?: number;
  readonly retries?: number;
  readonly maxConcurrency?: number;
  readonly fallback?: readonly string[];
  readonly tokenEnv?: string;
  readonly tokenStdin?: true;
  readonly healthPath?: string;
  readonly history?: string;
  readonly expect?: JsonText;
}

interface Registered {
  readonly agent_name: string;
  readonly url: string;
  readonly replaced: boolean;
}

export function addAgentsAdd(agents: Command): void {
  declareForNode(agents, 'add <name> <agent-url>', 'register an agent, or replace its config', [
    'agents add helper http://127.0.0.1:9101',
    'agents add expert https://expert.example/v1/messages --fallback helper --token-env EXPERT_TOKEN',
  ])
    .option('--timeout <seconds>', 'for one answer; default 30', positive)
    .option('--retries <count>', 'beyond the first try; default 3', wholeNumber(0, 10))
    .option('--max-concurrency <count>', 'calls that one node takes at a time', wholeNumber(1, 100_000))
    .option('--fallback <names...>', 'agents to ask after it, in this order')
    .option('--token-env <variable>', 'its bearer token is in this environment variable')
    .option('--token-stdin', 'its bearer token comes on standard input')
    .option('--health-path <path>', 'a free GET to probe now and then')
    .addOption(
      new Option('--history <what>', "none: the prompt alone, without the session's messages").choices([
        'window',
        'none',
      ]),
    )
    .option('--expect <json>', 'what an answer must be like', jsonText('JSON', '{"min_length": 10}'))
    .action(withNode(add));
}

async function add({ client, out }: Context, name: string, at: string, options: Options): Promise<undefined> {
  const token = await tokenOf(options);
  const { body } = await client.ask<Registered>('POST', '/register', {
    body: {
      name,
      ...placeOf(at),
      auth_token: token,
      timeout_seconds: options.timeout,
      max_retries: options.retries,
      max_concurrency: options.maxConcurrency,
      fallback_agents: options.fallback,
      health_path: options.healthPath,
      history: options.history,
    },
    written: { expect: options.expect },
  });
  if (out.json) out.document(body);
  else
    out.text(
      `${body.agent_name} at ${body.url} is registered${body.replaced ? ', in place of what it was' : ''}`,
    );
}

function placeOf(at: string): Record<string, unknown> {
  if (!URL.canParse(at) || !/^https?:$/.test(new URL(at).protocol))
    throw new CliError('usage', `${at} is no URL of an agent: give one like http://127.0.0.1:9101`);
  const { protocol, hostname, port, pathname, search, username, password } = new URL(at);
  if (username !== '' || password !== '')
    throw new CliError(
      'usage',
      'A URL with a password is seen by other programs: use --token-env or --token-stdin',
    );
  const scheme = protocol.slice(0, -1);
  return {
    protocol: scheme,
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? { http: 80, https: 443 }[scheme] : Number(port),
    path: pathname === '/' && search === '' ? undefined : pathname + search,
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
