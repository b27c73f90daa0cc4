/** The commands `webhooks create`, `change`, `enable`, `disable` and `rotate`. */
import type { Command } from 'commander';
import type { ShownWebhook, Webhook, WebhookChange, WebhookRequest } from '../../contract/webhooks.ts';
import { declareForNode, withNode, type Context } from '../command.ts';
import { durationSeconds } from '../filter-options.ts';
import { givenText } from '../request-options.ts';
import { webhookPath } from '../resource-paths.ts';
import {
  changesOf,
  webhookFieldsOf,
  withRemovals,
  withWebhook,
  type RemovalOptions,
  type WebhookOptions,
} from '../webhook-options.ts';
import { showSecret, showWebhook } from '../webhook-words.ts';

type CreateOptions = WebhookOptions & { readonly event: NonNullable<WebhookOptions['event']> };
type ChangeOptions = WebhookOptions & RemovalOptions & { readonly name?: string; readonly to?: string };

/** Declares the commands. */
export function addWebhookChanges(webhooks: Command): void {
  const creating = declareForNode(
    webhooks,
    'create <name> <receiver-url>',
    'create a webhook; its secret is shown once. With - the URL is read from standard input',
    [
      'webhooks create crm https://crm.example.com/holdfast --event call.completed --event call.failed',
      "webhooks create orders - --event call.failed --agent 'pm-*' --metadata channel=web --ordered < url.txt",
      'webhooks create alarm https://alarm.example.com/ --event agent.state_changed --project ops',
      'webhooks create chat - --event agent.state_changed --format slack < slack-url.txt',
      'webhooks create oncall mailto:oncall@example.com,second@example.com --event agent.state_changed',
    ],
  );
  withWebhook(creating, { events: 'required' }).action(withNode(create));
  const changing = declareForNode(
    webhooks,
    'change <webhook-id>',
    'change a webhook: what is given replaces what was, the rest stays',
    [
      'webhooks change wh4f0c2a9be1d37b5c68f1 --event call.failed --any-agent',
      'webhooks change wh4f0c2a9be1d37b5c68f1 --to https://crm.example.com/v2 --no-content',
    ],
  )
    .option('--name <name>', 'what the webhook is for')
    .option('--to <receiver-url>', "the receiver's URL; - to read it from standard input");
  withRemovals(withWebhook(changing, { events: 'optional' })).action(withNode(change));
  declareForNode(webhooks, 'enable <webhook-id>', 'switch a webhook on again; what waited is sent at once', [
    'webhooks enable wh4f0c2a9be1d37b5c68f1',
  ]).action(withNode((context: Context, id: string) => set(context, id, { enabled: true })));
  declareForNode(
    webhooks,
    'disable <webhook-id>',
    'switch a webhook off: nothing is sent until it is enabled',
    ['webhooks disable wh4f0c2a9be1d37b5c68f1'],
  ).action(withNode((context: Context, id: string) => set(context, id, { enabled: false })));
  declareForNode(webhooks, 'rotate <webhook-id>', 'give a webhook a new secret, which is shown once', [
    'webhooks rotate wh4f0c2a9be1d37b5c68f1 --overlap 7d',
  ])
    .option(
      '--overlap <duration>',
      'how long the secret before signs as well (default: 24h)',
      durationSeconds,
    )
    .action(withNode(rotate));
}

async function create(
  { client, out }: Context,
  name: string,
  url: string,
  options: CreateOptions,
): Promise<undefined> {
  const { body } = await client.request<ShownWebhook>('POST', '/webhooks', {
    body: {
      ...webhookFieldsOf(options),
      name,
      url: await urlFrom(url),
      events: options.event,
    } satisfies Partial<Record<keyof WebhookRequest, unknown>>,
  });
  showSecret(out, body, 'Created');
}

async function change(
  context: Context,
  id: string,
  { name, to, ...options }: ChangeOptions,
): Promise<undefined> {
  const url = to === undefined ? undefined : await urlFrom(to);
  return set(context, id, changesOf({ ...webhookFieldsOf(options), name, url }));
}

async function set(
  { client, out }: Context,
  id: string,
  body: { readonly [Name in keyof WebhookChange]: WebhookChange[Name] | undefined },
): Promise<undefined> {
  const { body: changed } = await client.request<Webhook>('PATCH', webhookPath(id), { body });
  if (out.json) out.document(changed);
  else showWebhook(out, changed);
}

async function rotate(
  { client, out }: Context,
  id: string,
  { overlap }: { readonly overlap?: number },
): Promise<undefined> {
  const { body } = await client.request<ShownWebhook>('POST', webhookPath(id, 'rotate'), {
    body: { overlap_seconds: overlap },
  });
  showSecret(out, body, 'Rotated');
}

/** A URL may contain a secret, which others on the machine would see as an argument. */
async function urlFrom(given: string): Promise<string> {
  return (await givenText(given, 'URL')).trim();
}
