/** The commands `alerts list`, `ack`, `silence`, `silences` and `unsilence`. */
import { Option, type Command } from 'commander';
import type { Alert, AlertList, Silence, SilenceList, SilenceRequest } from '../../contract/alerts.ts';
import { alertConditionNames, type AlertCondition } from '../../domain/alert.ts';
import { allProjects } from '../../domain/project.ts';
import { declareForNode, withExamples, withNode, type Context } from '../command.ts';
import { durationSeconds } from '../filter-options.ts';

/** Declares the commands. */
export function addAlertCommands(program: Command): void {
  const alerts = withExamples(
    program
      .command('alerts')
      .description('what is wrong now, and what was: list, acknowledge and silence alerts'),
    ['alerts list --state active', 'alerts silence --agent helper --for 2h --reason upgrade'],
  );
  declareForNode(alerts, 'list', 'list the active alerts, then those that are over', [
    'alerts list --state active',
    "alerts list --project '*' --json",
  ])
    .addOption(new Option('--state <state>', 'only these').choices(['active', 'resolved']))
    .addOption(new Option('--condition <condition>', 'only of this condition').choices(alertConditionNames))
    .action(withNode(list));
  declareForNode(alerts, 'ack <alert-id>', 'say that you take care of an alert', [
    'alerts ack agent_unreachable-1k2x3c4-mb1x2y3z --note "restarting it"',
  ])
    .option('--note <text>', 'what you do about it')
    .action(withNode(acknowledge));
  declareForNode(alerts, 'silence', 'keep alerts from being announced for some time', [
    'alerts silence --agent helper --for 2h --reason upgrade',
    'alerts silence --condition queue_wait_high --for 1d',
  ])
    .addOption(new Option('--condition <condition>', 'only of this condition').choices(alertConditionNames))
    .option('--agent <name>', 'only alerts about this agent')
    .requiredOption('--for <duration>', 'how long, e.g. 30m or 2h', durationSeconds)
    .option('--reason <text>', 'why')
    .action(withNode(silence));
  declareForNode(alerts, 'silences', 'list the silences that have not ended', ['alerts silences']).action(
    withNode(silences),
  );
  declareForNode(alerts, 'unsilence <silence-id>', 'end a silence', [
    'alerts unsilence si4f0c2a9be1d37b5c68f1',
  ]).action(withNode(unsilence));
}

interface ListOptions {
  readonly state?: 'active' | 'resolved';
  readonly condition?: AlertCondition;
}

async function list({ client, out }: Context, { state, condition }: ListOptions): Promise<undefined> {
  const all = await client.get<AlertList>('/alerts', { state, condition });
  if (out.json) {
    out.document(all);
    return;
  }
  const ofAll = client.project === allProjects;
  out.table(
    [
      'alert',
      ...(ofAll ? ['project'] : []),
      'state',
      'severity',
      'fired',
      'resolved',
      'acknowledged',
      'summary',
    ],
    all.alerts.map((one) => [
      one.id,
      ...(ofAll ? [one.project] : []),
      stateOf(one),
      one.severity,
      one.fired_at,
      one.resolved_at,
      one.acknowledged?.by,
      one.summary,
    ]),
    { state: out.state },
  );
}

function stateOf({ state, silenced_until: silencedUntil }: Alert): string {
  return silencedUntil === null ? state : 'silenced';
}

async function acknowledge(
  { client, out }: Context,
  id: string,
  { note }: { readonly note?: string },
): Promise<undefined> {
  const path = `/alerts/${encodeURIComponent(id)}/acknowledge`;
  const { body } = await client.request<Alert>('POST', path, {
    body: { ...(note !== undefined && { note }) },
  });
  if (out.json) out.document(body);
  else out.text(`${body.id} is acknowledged by ${body.acknowledged?.by ?? ''}`);
}

interface SilenceOptions {
  readonly condition?: AlertCondition;
  readonly agent?: string;
  readonly for: number;
  readonly reason?: string;
}

async function silence(
  { client, out }: Context,
  { condition, agent, for: seconds, reason }: SilenceOptions,
): Promise<undefined> {
  const wish: SilenceRequest = {
    for_seconds: seconds,
    ...(condition !== undefined && { condition }),
    ...(agent !== undefined && { agent }),
    ...(reason !== undefined && { reason }),
  };
  const { body } = await client.request<Silence>('POST', '/alerts/silences', { body: wish });
  if (out.json) out.document(body);
  else out.text(`${body.id} is in force until ${body.until}`);
}

async function silences({ client, out }: Context): Promise<undefined> {
  const all = await client.get<SilenceList>('/alerts/silences');
  if (out.json) {
    out.document(all);
    return;
  }
  out.table(
    ['silence', 'condition', 'about', 'until', 'reason', 'by'],
    all.silences.map((one) => [
      one.id,
      one.condition ?? 'every one',
      one.subject ?? 'everything',
      one.until,
      one.reason,
      one.by,
    ]),
  );
}

async function unsilence({ client, out }: Context, id: string): Promise<undefined> {
  await client.request('DELETE', `/alerts/silences/${encodeURIComponent(id)}`);
  if (out.json) out.document({ ended: id });
  else out.text(`${id} is ended`);
}
