import { may } from '../access/may.ts';
import { showsAllProjects } from '../access/project.ts';
import { api } from '../api.ts';
import { useLoaded } from '../live/use-loaded.ts';
import { useRepeated } from '../live/use-repeated.ts';
import { Empty } from '../ui/empty.tsx';
import { Loading } from '../ui/loading.tsx';
import { Page } from '../ui/page.tsx';
import { ProblemBox } from '../ui/problem-box.tsx';
import { WebhookButton } from './webhook-button.tsx';
import { WebhookCard } from './webhook-card.tsx';

const refreshMs = 5_000;

/** The webhooks of the project, updated every 5 s. */
export function WebhooksPage() {
  const { value, problem, reload } = useLoaded('webhooks', async () => (await api.webhooks()).webhooks);
  useRepeated(refreshMs, reload);
  const onChange = (): void => void reload();
  return (
    <Page
      title="Webhooks"
      aside={may('operate') && !showsAllProjects() && <WebhookButton onSaved={onChange} />}
    >
      {!value && <Loading problem={problem} />}
      {value && problem && <ProblemBox problem={problem} />}
      {value?.length === 0 && (
        <Empty title="No webhooks yet">
          A webhook tells another system how calls end, and what becomes of agents and batches.
        </Empty>
      )}
      <div class="rows">
        {value?.map((webhook) => (
          <WebhookCard key={webhook.id} of={webhook} onChange={onChange} />
        ))}
      </div>
    </Page>
  );
}
