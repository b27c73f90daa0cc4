/** The commands `webhooks list`, `show`, `remove` and `callback-secret`. */
import type { Command } from 'commander';
import type { CallbackSecret, Webhook, WebhookList } from '../../contract/webhooks.ts';
import { allProjects } from '../../domain/project.ts';
import { declareForNode, withExamples, withNode, type Context } from '../command.ts';
import { confirm } from '../confirm.ts';
import { note } from '../output.ts';
import { webhookPath } from '../resource-paths.ts';
import { showWebhook } from '../webhook-words.ts';
import { addWebhookChanges } from './webhook-changes.ts';
import { addWebhookDeliveries } from './webhook-deliveries.ts';

/** Declares the commands. */
export function addWebhookCommands(program: Command): void {
  const webhooks = withExamples(
    program.command('webhooks').description('tell others of what happens: create, watch and change webhooks'),
    [
      'webhooks create crm https://crm.example.com/holdfast --event call.completed --event call.failed',
      'webhooks list',
      'webhooks deliveries wh4f0c2a9be1d37b5c68f1 --outcome parked',
    ],
  );
  declareForNode(webhooks, 'list', 'list the webhooks, the oldest first', [
    'webhooks list',
    "webhooks list --project '*'",
  ]).action(withNode(list));
  declareForNode(webhooks, 'show <webhook-id>', 'show a webhook: what it gets, and how its deliveries go', [
    'webhooks show wh4f0c2a9be1d37b5c68f1',
  ]).action(withNode(show));
  addWebhookChanges(webhooks);
  addWebhookDeliveries(webhooks);
  declareForNode(
    webhooks,
    'remove <webhook-id>',
    'remove a webhook and its deliveries; what waits is not sent',
    ['webhooks remove wh4f0c2a9be1d37b5c68f1'],
  )
    .option('-y, --yes', 'do not ask for confirmation')
    .action(withNode(remove));
  declareForNode(
    webhooks,
    'callback-secret',
    'print what signs the events sent to the callback_url of calls',
    ['webhooks callback-secret', 'webhooks callback-secret --project crm'],
  ).action(withNode(callbackSecret));
}

async function list({ client, out }: Context): Promise<undefined> {
  const all = await client.get<WebhookList>('/webhooks');
  if (out.json) {
    out.document(all);
    return;
  }
  const ofAll = client.project === allProjects;
  out.table(
    [
      'webhook',
      'name',
      ...(ofAll ? ['project'] : []),
      'url',
      'events',
      'status',
      'delivered',
      'waiting',
      'parked',
      'last try',
    ],
    all.webhooks.map((one) => [
      one.id,
      one.name,
      ...(ofAll ? [one.project] : []),
      one.url,
      one.events.join(','),
      one.status,
      one.delivered,
      one.backlog ? `${one.waiting}+` : one.waiting,
      one.parked,
      one.last_try?.at,
    ]),
    { status: out.state },
  );
}

async function show({ client, out }: Context, id: string): Promise<undefined> {
  const webhook = await client.get<Webhook>(webhookPath(id));
  if (out.json) out.document(webhook);
  else showWebhook(out, webhook);
}

async function remove({ client, out }: Context, id: string, { yes }: { yes?: true }): Promise<undefined> {
  await confirm(`Remove the webhook ${id}? What waits for it, or is parked, is not sent any more.`, yes);
  await client.request('DELETE', webhookPath(id));
  if (out.json) out.document({ removed: id });
  else out.text(`${id} is removed`);
}

async function callbackSecret({ client, out }: Context): Promise<undefined> {
  const found = await client.get<CallbackSecret>('/webhooks/callback-secret');
  if (out.json) {
    out.document(found);
    return;
  }
  note('Receivers of callbacks check signatures with this secret:');
  out.text(found.secret);
}
