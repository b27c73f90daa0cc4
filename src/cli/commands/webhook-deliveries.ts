/** The commands `webhooks test`, `deliveries` and `redeliver`. */
import { Option, type Command } from 'commander';
import type { DeliveryPage, RedeliveryRequest, TestDelivery } from '../../contract/webhooks.ts';
import { deliveryOutcomes } from '../../domain/webhook.ts';
import { declareForNode, withNode, type Context } from '../command.ts';
import { CliError } from '../errors.ts';
import type { ExitName } from '../exit-codes.ts';
import { asTime, wholeNumber } from '../filter-options.ts';
import { note } from '../output.ts';
import { webhookPath } from '../resource-paths.ts';
import { outcomeOf } from '../webhook-words.ts';

interface DeliveriesOptions {
  readonly outcome?: string;
  readonly before?: string;
  readonly limit: number;
}

interface RedeliverOptions {
  readonly from?: string;
  readonly to?: string;
  readonly all?: true;
  readonly before?: string;
}

/** Declares the commands. */
export function addWebhookDeliveries(webhooks: Command): void {
  declareForNode(webhooks, 'test <webhook-id>', 'send a test event now, once; exits with 1 if that fails', [
    'webhooks test wh4f0c2a9be1d37b5c68f1',
  ]).action(withNode(test));
  declareForNode(webhooks, 'deliveries <webhook-id>', 'list the tries of a webhook, the newest first', [
    'webhooks deliveries wh4f0c2a9be1d37b5c68f1',
    'webhooks deliveries wh4f0c2a9be1d37b5c68f1 --outcome parked --json | jq -r ".deliveries[].event_id"',
  ])
    .addOption(new Option('--outcome <outcome>', 'only tries that ended so').choices(deliveryOutcomes))
    .option('--limit <count>', 'tries per page', wholeNumber(1, 200), 50)
    .option('--before <time>', 'only tries before this time: 12h (ago), 7d, or an ISO time', asTime)
    .action(withNode(deliveries));
  declareForNode(
    webhooks,
    'redeliver <webhook-id> [event-id]',
    'send one event again, or the parked ones of a time; the receiver gets each with the webhook-id that it had',
    [
      'webhooks redeliver wh4f0c2a9be1d37b5c68f1 evt_5d1f0a8c',
      'webhooks redeliver wh4f0c2a9be1d37b5c68f1 --from 3d',
      'webhooks redeliver wh4f0c2a9be1d37b5c68f1 --from 2026-11-29T08:00:00Z --to 2026-11-29T09:30:00Z --all',
    ],
  )
    .option(
      '--from <time>',
      'parked events that happened at this time or later: 12h (ago), 7d, or an ISO time',
      asTime,
    )
    .option('--to <time>', 'and not after this time (default: now)', asTime)
    .option('--all', 'with --from: every event of that time, also those that were delivered')
    .option('--before <time>', 'with an event-id: look for it among the tries before this time', asTime)
    .action(withNode(redeliver));
}

async function test({ client, out }: Context, id: string): Promise<ExitName | undefined> {
  const { body } = await client.request<TestDelivery>('POST', webhookPath(id, 'test'));
  const { delivered, ms } = body;
  if (out.json) out.document(body);
  else out.text(`${delivered ? 'Delivered' : 'Not delivered'} in ${Math.round(ms)} ms: ${outcomeOf(body)}`);
  return delivered ? undefined : 'failed';
}

async function deliveries(
  { client, out }: Context,
  id: string,
  { outcome, before, limit }: DeliveriesOptions,
): Promise<undefined> {
  const page = await client.get<DeliveryPage>(webhookPath(id, 'deliveries'), { outcome, before, limit });
  if (out.json) {
    out.document(page);
    return;
  }
  out.table(
    ['at', 'outcome', 'event', 'type', 'about', 'happened', 'try', 'result', 'ms'],
    page.deliveries.map((one) => [
      one.at,
      one.outcome,
      one.event_id,
      one.type,
      one.about,
      one.happened_at,
      one.tries,
      outcomeOf(one),
      one.ms === null ? null : Math.round(one.ms),
    ]),
    { outcome: out.state },
  );
  if (page.next_before !== null) note(`There are older ones: add --before ${page.next_before}`);
}

async function redeliver(
  { client, out }: Context,
  id: string,
  eventId: string | undefined,
  { from, to, all, before }: RedeliverOptions,
): Promise<undefined> {
  if ((eventId === undefined) === (from === undefined))
    throw new CliError('usage', 'Give the id of an event, or --from for those of a time');
  if (from === undefined && (to ?? all) !== undefined)
    throw new CliError('usage', '--to and --all select events of a time, so they need --from');
  if (from !== undefined && before !== undefined)
    throw new CliError('usage', '--before finds one event, so it needs the id of an event');
  const { body } =
    from === undefined
      ? await client.request('POST', webhookPath(id, 'deliveries', eventId ?? '', 'redeliver'), {
          query: { before },
        })
      : await client.request('POST', webhookPath(id, 'redeliver'), {
          body: {
            from,
            to: to ?? new Date().toISOString(),
            only: all ? 'all' : 'parked',
          } satisfies RedeliveryRequest,
        });
  if (out.json) out.document(body);
  else out.text(`Accepted: holdfast webhooks deliveries ${id} shows what becomes of it`);
}
