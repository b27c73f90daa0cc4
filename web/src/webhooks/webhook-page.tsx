import { useLocation, useRoute } from 'preact-iso/router';
import type { Webhook } from '../../../src/contract/webhooks.ts';
import { deliveryOutcomes } from '../../../src/domain/webhook.ts';
import { showsAllProjects } from '../access/project.ts';
import { api } from '../api.ts';
import { pageLink } from '../links.ts';
import { useLoaded } from '../live/use-loaded.ts';
import { useRepeated } from '../live/use-repeated.ts';
import { Loading } from '../ui/loading.tsx';
import { Page } from '../ui/page.tsx';
import { ProblemBox } from '../ui/problem-box.tsx';
import { DeliveryLog } from './delivery-log.tsx';
import { WebhookActions } from './webhook-actions.tsx';
import { WebhookFacts } from './webhook-facts.tsx';
import { WebhookStatus } from './webhook-status.tsx';

const refreshMs = 5_000;

/** One webhook: what it gets, its buttons, and the log of its deliveries. */
export function WebhookPage() {
  const { query, route } = useLocation();
  const id = useRoute().params['id'] ?? '';
  const outcome = deliveryOutcomes.find((one) => one === query['outcome']);
  const { value: webhook, problem, reload } = useLoaded<Webhook>(`webhook ${id}`, () => api.webhook(id));
  useRepeated(refreshMs, reload);
  const onChange = (): void => void reload();
  return (
    <Page
      title={webhook?.name ?? 'Webhook'}
      up={{ href: pageLink('/webhooks'), label: 'Webhooks' }}
      heading={
        webhook && (
          <>
            {webhook.name} <WebhookStatus of={webhook} />
          </>
        )
      }
      aside={
        webhook &&
        !showsAllProjects() && (
          <WebhookActions of={webhook} onChange={onChange} onRemoved={() => route(pageLink('/webhooks'))} />
        )
      }
    >
      {!webhook && <Loading problem={problem} />}
      {webhook && problem && <ProblemBox problem={problem} />}
      {webhook && <WebhookFacts of={webhook} />}
      {webhook && <DeliveryLog of={webhook} outcome={outcome} onChange={onChange} />}
    </Page>
  );
}
