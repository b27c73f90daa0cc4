import { useMemo } from 'preact/hooks';
import { useRoute } from 'preact-iso/router';
import { ResolvedTag } from '../calls/resolved-tag.tsx';
import { words } from '../format.ts';
import { pageLink } from '../links.ts';
import { StreamBadge } from '../live/stream-badge.tsx';
import { useNow } from '../live/use-now.ts';
import { CopyButton } from '../ui/copy-button.tsx';
import { Loading } from '../ui/loading.tsx';
import { Page } from '../ui/page.tsx';
import { Section } from '../ui/section.tsx';
import { Status } from '../ui/status.tsx';
import { TextBlock } from '../ui/text-block.tsx';
import { CallActions } from './call-actions.tsx';
import { CallFacts } from './call-facts.tsx';
import { Chain } from './chain.tsx';
import { Conversation } from './conversation.tsx';
import { Outcome } from './outcome.tsx';
import { Timeline } from './timeline.tsx';
import { timelineOf, triesOf } from './timeline-model.ts';
import { Timings } from './timings.tsx';
import { TriesTable } from './tries-table.tsx';
import { useCall } from './use-call.ts';
import { WaitingFor } from './waiting-for.tsx';
import { WhatIfTable } from './what-if-table.tsx';

/** One call, updated live while it runs. */
export function CallPage() {
  const id = useRoute().params['id'] ?? '';
  const up = { href: pageLink('/calls'), label: 'Calls' };
  const { call, problem, events, state, reload } = useCall(id);
  const running = call?.status === 'running';
  const now = useNow(running);
  const at = running ? now : 0;
  const known = events.length;
  const drawn = useMemo(
    () => call && { model: timelineOf(call, events, at), tries: triesOf(call, events, at) },
    [call, known, at],
  );
  if (!call || !drawn)
    return (
      <Page title="Call" up={up}>
        <Loading problem={problem} />
      </Page>
    );
  return (
    <Page
      title={`Call ${id.slice(0, 8)} ${words(call.status)}`}
      up={up}
      heading={
        <>
          Call <span class="mono call-id">{id}</span> <CopyButton text={id} about="the call id" />{' '}
          <Status of={call.status} /> <ResolvedTag of={call.resolved} />
        </>
      }
      aside={<CallActions call={call} onChange={reload} />}
    >
      <p class="visually-hidden" role="status">{`This call is ${call.status}`}</p>
      <CallFacts call={call} />
      <Section title="Timeline" aside={running && <StreamBadge state={state} />}>
        <Timeline model={drawn.model} />
        <WaitingFor id={call.waiting_for} />
        <Timings of={call.timings} />
        <TriesTable tries={drawn.tries} />
      </Section>
      <div class="split">
        <Section title="Prompt" aside={<CopyButton text={call.prompt} about="the prompt" />}>
          <TextBlock text={call.prompt} label="Prompt" />
        </Section>
        <Outcome call={call} />
      </div>
      <Section title="Chain">
        <Chain call={call} asking={drawn.tries.find((one) => one.open)?.agent} />
      </Section>
      {call.status === 'failed' && (
        <Section title="What if it ran today">
          <WhatIfTable callId={id} wasRerun={call.reruns.length > 0} />
        </Section>
      )}
      {call.session_id !== null && <Conversation key={call.status} callId={id} sessionId={call.session_id} />}
    </Page>
  );
}
