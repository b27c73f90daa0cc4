/** The entity that holds the webhooks of the cluster. It is read on demand (services/webhooks/webhook-directory.ts). */
import {
  allHandlersFinished,
  ApplicationFailure,
  condition,
  continueAsNew,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import {
  WebhookBook,
  type NewWebhook,
  type RefusedWebhook,
  type WebhookChange,
  type WebhookState,
} from '../domain/webhook-book.ts';
import {
  changeWebhookUpdate,
  createWebhookUpdate,
  readWebhooksQuery,
  removeWebhookUpdate,
  rotateWebhookUpdate,
  type NewWebhookSecret,
} from './messages.ts';

export async function webhookDirectory(initial: WebhookState): Promise<void> {
  const book = new WebhookBook(initial);
  setHandler(createWebhookUpdate, (webhook) => book.create(webhook, Date.now()), {
    validator: (webhook: NewWebhook, most: number) => refuse(book.refusalOfCreation(webhook, most)),
  });
  setHandler(changeWebhookUpdate, (id, change) => book.change(id, change, Date.now()), {
    validator: (id: string, change: WebhookChange) => refuse(book.refusalOfChange(id, change)),
  });
  setHandler(
    rotateWebhookUpdate,
    ({ id, sealed, overlapMs }) => book.rotate(id, sealed, Date.now() + overlapMs, Date.now()),
    { validator: ({ id }: NewWebhookSecret) => refuse(book.refusalOfChange(id)) },
  );
  setHandler(removeWebhookUpdate, (id) => book.remove(id), {
    validator: (id: string) => refuse(book.refusalOfChange(id)),
  });
  setHandler(readWebhooksQuery, () => book.state());
  await condition(() => workflowInfo().continueAsNewSuggested);
  await condition(allHandlersFinished);
  await continueAsNew<typeof webhookDirectory>(book.state());
}

function refuse(refused: RefusedWebhook | undefined): void {
  if (refused) throw ApplicationFailure.nonRetryable(refused.detail, refused.type);
}
