import type { Webhook } from '../../../src/contract/webhooks.ts';
import { showsAllProjects } from '../access/project.ts';
import { webhookPage } from '../links.ts';
import { WebhookActions } from './webhook-actions.tsx';
import { WebhookFacts } from './webhook-facts.tsx';
import { WebhookStatus } from './webhook-status.tsx';

/** One webhook: what it gets, how its deliveries go, and its buttons. It never has the secret. */
export function WebhookCard({ of, onChange }: { of: Webhook; onChange: () => void }) {
  const { id, name, project } = of;
  const ofAll = showsAllProjects();
  const page = ofAll ? webhookPage(id, {}, project) : webhookPage(id);
  return (
    <article class="panel" aria-label={`${name}, ${id}`}>
      <div class="panel-head">
        <h2>
          <a href={page}>{name}</a>
        </h2>
        <WebhookStatus of={of} />
        {ofAll && <span class="tag">{project}</span>}
      </div>
      <WebhookFacts of={of} />
      <div class="actions">
        <a class="button" href={page} aria-label={`Deliveries of ${name}`}>
          Deliveries
        </a>
        {!ofAll && <WebhookActions of={of} onChange={onChange} onRemoved={onChange} />}
      </div>
    </article>
  );
}
