import { useRoute } from 'preact-iso/router';
import { api } from '../api.ts';
import { callPage } from '../links.ts';
import { useLoaded } from '../live/use-loaded.ts';
import { useRepeated } from '../live/use-repeated.ts';
import { shortId } from '../ui/call-link.tsx';
import { Loading } from '../ui/loading.tsx';
import { Page } from '../ui/page.tsx';
import { Section } from '../ui/section.tsx';
import { ComparedFacts } from './compared-facts.tsx';
import { ComparedTexts } from './compared-texts.tsx';

const refreshMs = 2_000;

/** Two calls side by side, usually a call and its rerun. It follows them while one of them runs. */
export function ComparePage() {
  const { id = '', other = '' } = useRoute().params;
  const { value, problem, reload } = useLoaded(`${id} ${other}`, () =>
    Promise.all([api.call(id), api.call(other)]),
  );
  useRepeated(refreshMs, async () => {
    if (value?.some(({ status }) => status === 'running')) await reload();
  });
  const [before, after] = value ?? [];
  return (
    <Page
      title={`Calls ${shortId(id)} and ${shortId(other)}`}
      heading="Two calls compared"
      up={{ href: callPage(id), label: `Call ${shortId(id)}` }}
    >
      {(!before || !after) && <Loading problem={problem} />}
      {before && after && (
        <>
          <Section title="How they went">
            <ComparedFacts before={before} after={after} />
          </Section>
          <ComparedTexts title="Prompt" before={before.prompt} after={after.prompt} />
          <ComparedTexts title="Answer" before={before.response} after={after.response} />
          {(before.error !== null || after.error !== null) && (
            <ComparedTexts title="Error" before={before.error} after={after.error} />
          )}
        </>
      )}
    </Page>
  );
}
