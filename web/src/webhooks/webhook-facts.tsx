import type { ComponentChildren } from 'preact';
import type { Webhook } from '../../../src/contract/webhooks.ts';
import { memberText } from '../../../src/domain/metadata-filter.ts';
import { count } from '../format.ts';
import { Time } from '../ui/time.tsx';
import { triedWords } from './tried-words.ts';

/** What a webhook gets and from where, how many events were delivered, wait or are parked, and its last try. */
export function WebhookFacts({ of }: { of: Webhook }) {
  const filters = filterWords(of);
  return (
    <dl class="facts">
      <Fact name="URL" broad>
        {of.url}
      </Fact>
      <Fact name="Events" broad>
        {of.events.join(', ')}
      </Fact>
      <Fact name="Only" broad>
        {filters.length === 0 ? 'everything' : filters.join('; ')}
      </Fact>
      <Fact name="Sends">
        {formatWords[of.format]}
        {of.include_content ? 'content too' : 'no content'}
        {of.ordered && ', in order per session'}
      </Fact>
      <Fact name="Delivered">{count(of.delivered)}</Fact>
      <Fact name="Waiting">
        {count(of.waiting)}
        {of.backlog && ', and more behind them'}
      </Fact>
      <Fact name="Parked">{count(of.parked)}</Fact>
      <Fact name="Last try" broad>
        {of.last_try ? (
          <>
            <Time at={of.last_try.at} /> {triedWords(of.last_try)}
          </>
        ) : (
          '–'
        )}
      </Fact>
      <Times of={of} />
    </dl>
  );
}

const formatWords: Readonly<Record<Webhook['format'], string>> = {
  standard: '',
  slack: 'messages for a chat, ',
  mail: 'mails, ',
};

/** The times that matter in the webhook's status. */
function Times({ of }: { of: Webhook }) {
  const times = [
    ['Created', of.created_at],
    ['Failing since', of.failing_since],
    ['Switched off', of.disabled_at],
    ['Secret before signs until', of.earlier_secret_until],
  ] as const;
  return (
    <>
      {times.map(
        ([name, at]) =>
          at !== null && (
            <Fact key={name} name={name}>
              <Time at={at} />
            </Fact>
          ),
      )}
    </>
  );
}

interface FactProps {
  readonly name: string;
  readonly broad?: boolean;
  readonly children: ComponentChildren;
}

function Fact({ name, broad = false, children }: FactProps) {
  return (
    <div class={broad ? 'broad' : undefined}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function filterWords({ agents, session_prefix: prefix, user_id: user, metadata }: Webhook): string[] {
  return [
    ...(agents ? [`agents ${agents.join(' ')}`] : []),
    ...(prefix === null ? [] : [`sessions ${prefix}…`]),
    ...(user === null ? [] : [`user ${user}`]),
    ...(metadata ? [`metadata ${Object.entries(metadata).map(memberText).join(' ')}`] : []),
  ];
}
