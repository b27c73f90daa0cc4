import type { Key } from '../../../src/contract/keys.ts';
import { api } from '../api.ts';
import { plural } from '../format.ts';
import { useLoaded } from '../live/use-loaded.ts';
import { Empty } from '../ui/empty.tsx';
import { Loading } from '../ui/loading.tsx';
import { Page } from '../ui/page.tsx';
import { ProblemBox } from '../ui/problem-box.tsx';
import { CreateKeyButton } from './create-key-button.tsx';
import { KeyCard } from './key-card.tsx';

/** The API keys of the cluster: the valid ones, and those that were revoked or have expired. */
export function KeysPage() {
  const { value, problem, reload } = useLoaded('keys', async () => (await api.keys()).keys);
  const onChange = (): void => void reload();
  const valid = value?.filter(({ status }) => status === 'valid') ?? [];
  const ended = value?.filter(({ status }) => status !== 'valid') ?? [];
  return (
    <Page title="Keys" aside={<CreateKeyButton onCreated={onChange} />}>
      {!value && <Loading problem={problem} />}
      {value && problem && <ProblemBox problem={problem} />}
      {value?.length === 0 && (
        <Empty title="No keys yet">The keys of the setting HOLDFAST_API_KEYS are not listed.</Empty>
      )}
      <Cards keys={valid} onChange={onChange} />
      {ended.length > 0 && (
        <details>
          <summary>{plural(ended.length, 'key')} revoked, expired or of a closed project</summary>
          <Cards keys={ended} onChange={onChange} />
        </details>
      )}
    </Page>
  );
}

function Cards({ keys, onChange }: { keys: readonly Key[]; onChange: () => void }) {
  return (
    <div class="rows">
      {keys.map((key) => (
        <KeyCard key={key.id} of={key} onChange={onChange} />
      ))}
    </div>
  );
}
