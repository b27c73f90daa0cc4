/**
 * `npm run demo`: starts a node and three sample agents (healthy, flaky, down) over real HTTP, registers them as a chain, sends
 * a few calls in one session and prints who answered and what failed over. Then it keeps running, for a look at the Web UI.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import Table from 'cli-table3';
import pc from 'picocolors';
import { startNode } from '../src/node/start-node.ts';
import { loadConfig } from '../src/platform/config.ts';
import { createLog } from '../src/platform/logging.ts';
import { Cleanups, exitAtLatest, runMain, stopSignal } from '../src/platform/shutdown.ts';

interface Attempt {
  agent: string;
  status: 'ok' | 'failed' | 'skipped';
  error_type: string | null;
  tries: number;
}
interface Answer {
  call_id: string;
  success: boolean;
  agent_name: string;
  response: string | null;
  error: string | null;
  attempts: Attempt[];
  latency_ms: number;
}

const prompts = [
  ['demo-down', 'Who is there?'],
  ['demo-flaky', 'Are you awake?'],
  ['demo-healthy', 'What did I ask first?'],
  ['demo-down', 'And again, down the chain?'],
  ['demo-flaky', 'One more try?'],
] as const;

await runMain(async () => {
  const config = loadConfig({ HOLDFAST_LOG_LEVEL: 'warn', ...process.env });
  const log = createLog(config.logLevel);
  const cleanups = new Cleanups(log);
  const signal = stopSignal();
  try {
    const ports = await startSampleAgents(cleanups);
    const node = await startNode(config, log);
    cleanups.add('node', () => node.stop());
    const key = config.apiKeys[0];
    const post = poster(node.url, key);
    await registerChain(post, ports);
    const session = `demo-${Date.now().toString(36)}`;
    const answers: { asked: string; prompt: string; answer: Answer }[] = [];
    for (const [asked, prompt] of prompts) {
      console.error(pc.dim(`asking ${asked}: ${prompt}`));
      const answer = (await post('/api/vps/call', {
        agent_name: asked,
        prompt,
        session_id: session,
      })) as Answer;
      answers.push({ asked, prompt, answer });
    }
    console.log(tableOf(answers));
    tellLinks(node.url, node.webUiUrl, session, answers[0]?.answer.call_id ?? '');
    await Promise.race([signal, node.failed]);
    exitAtLatest(config.drainMs + 5_000);
  } finally {
    await cleanups.run();
  }
});

interface Ports {
  readonly healthy: number;
  readonly flaky: number;
  readonly down: number;
}

async function startSampleAgents(cleanups: Cleanups): Promise<Ports> {
  const script = fileURLToPath(new URL('sample-agents.js', import.meta.url));
  const child = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  cleanups.add('sample agents', () => Promise.resolve(child.kill()));
  const lines = createInterface({ input: child.stdout });
  for await (const line of lines) {
    const [healthy = 0, flaky = 0, down = 0] = line.split(' ').map(Number);
    return { healthy, flaky, down };
  }
  throw new Error('The sample agents did not start');
}

type Post = (path: string, body: unknown) => Promise<unknown>;

function poster(url: string, key: string | undefined): Post {
  return async (path, body) => {
    const response = await fetch(url + path, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        ...(key !== undefined && { Authorization: `Bearer ${key}` }),
      },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response.json();
  };
}

async function registerChain(post: Post, { healthy, flaky, down }: Ports): Promise<void> {
  const host = '127.0.0.1';
  const agents = [
    { name: 'demo-healthy', port: healthy },
    { name: 'demo-flaky', port: flaky, max_retries: 1, fallback_agents: ['demo-healthy'] },
    { name: 'demo-down', port: down, max_retries: 1, fallback_agents: ['demo-flaky'] },
  ];
  for (const agent of agents) await post('/api/vps/register', { host, ...agent });
}

function tableOf(rows: { asked: string; prompt: string; answer: Answer }[]): string {
  const table = new Table({
    head: ['prompt', 'asked', 'answered', 'on the way', 'ms'],
    style: pc.isColorSupported && process.stdout.isTTY ? {} : { head: [], border: [] },
    colWidths: [30, 14, 14, 34, 7],
    wordWrap: true,
  });
  for (const { asked, prompt, answer } of rows)
    table.push([
      prompt,
      asked,
      answer.success ? pc.green(answer.agent_name) : pc.red(answer.error ?? 'failed'),
      answer.attempts.map(tellAttempt).join('\n'),
      answer.latency_ms,
    ]);
  return table.toString();
}

function tellAttempt({ agent, status, error_type, tries }: Attempt): string {
  const what = status === 'ok' ? pc.green('answered') : pc.yellow(error_type ?? status);
  return `${agent}: ${what}${tries > 1 ? ` after ${tries} tries` : ''}`;
}

function tellLinks(url: string, webUiUrl: string | undefined, session: string, callId: string): void {
  console.log(`
The same calls, durable:
  Web UI        ${webUiUrl ?? 'that of your Temporal server'}
  first call    ${webUiUrl ? `${webUiUrl}/namespaces/default/workflows/call-${callId}` : `${url}/api/vps/calls/${callId}`}
  conversation  ${url}/api/vps/sessions/${session}
  health        ${url}/api/vps/health/demo-down
  API docs      ${url}/docs

Stop with Ctrl-C; nothing is lost: npm start goes on with the same data.`);
}
