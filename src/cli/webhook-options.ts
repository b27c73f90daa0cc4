/** The options that say what a webhook gets. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import type { WebhookChange } from '../contract/webhooks.ts';
import { parseMember, type MetadataFilter } from '../domain/metadata-filter.ts';
import { httpFormats, webhookEventTypes, type HttpFormat, type WebhookEventType } from '../domain/webhook.ts';
import { CliError } from './errors.ts';
import { asList } from './limit-options.ts';

/** What is given on the command line. Options that may be repeated have all their values. */
export interface WebhookOptions {
  readonly event?: readonly WebhookEventType[];
  readonly agent?: readonly string[];
  readonly sessionPrefix?: string;
  readonly user?: string;
  readonly metadata?: MetadataFilter;
  readonly format?: HttpFormat;
  readonly ordered?: boolean;
  readonly content?: boolean;
}

/** The filters that a change can take away, each by its own option. */
export interface RemovalOptions {
  readonly anyAgent?: true;
  readonly anySession?: true;
  readonly anyUser?: true;
  readonly anyMetadata?: true;
}

/** Adds the options to a command. */
export function withWebhook(
  command: Command,
  { events }: { readonly events: 'required' | 'optional' },
): Command {
  return command
    .addOption(
      new Option('--event <type>', 'event that it gets; repeat it for more')
        .choices(webhookEventTypes)
        .argParser(moreEvents)
        .makeOptionMandatory(events === 'required'),
    )
    .option(
      '--agent <pattern>',
      "only events about these agents: helper, 'pm-*'; repeat it for more",
      moreAgents,
    )
    .option('--session-prefix <text>', 'only calls in sessions whose id begins so')
    .option('--user <id>', 'only calls of this user')
    .option(
      '--metadata <name=value>',
      'only calls whose metadata has this; true and 2 are no texts, \'"2"\' is one; repeat it for more',
      moreMetadata,
    )
    .addOption(
      new Option('--format <format>', 'how events are written; those of a mailto URL are mails').choices(
        Object.keys(httpFormats),
      ),
    )
    .option(
      '--ordered',
      "send a session's events in the order in which its calls ended, about a minute later",
    )
    .option('--content', 'send prompt, answer and error text with the events of calls');
}

/** Adds the options that take back what those of `withWebhook` have set. */
export function withRemovals(command: Command): Command {
  const removal = (name: string, what: string, instead: string): Option =>
    new Option(name, `events of any ${what} again`).conflicts(instead);
  return command
    .addOption(removal('--any-agent', 'agent', 'agent'))
    .addOption(removal('--any-session', 'session', 'sessionPrefix'))
    .addOption(removal('--any-user', 'user', 'user'))
    .addOption(removal('--any-metadata', 'metadata', 'metadata'))
    .option('--no-ordered', 'send events as they come')
    .option('--no-content', 'send no content of calls');
}

/** Converts the options to the API's names. What is not given is undefined, a filter that is taken away is null. */
export function webhookFieldsOf(options: WebhookOptions & RemovalOptions) {
  return {
    events: options.event,
    agents: options.anyAgent ? null : options.agent,
    session_prefix: options.anySession ? null : options.sessionPrefix,
    user_id: options.anyUser ? null : options.user,
    metadata: options.anyMetadata ? null : options.metadata,
    format: options.format,
    ordered: options.ordered,
    include_content: options.content,
  } satisfies { readonly [Name in keyof WebhookChange]: WebhookChange[Name] | undefined };
}

/** Returns the changes. Throws `CliError` if there are none. */
export function changesOf<C extends object>(change: C): C {
  if (Object.values(change).every((one) => one === undefined))
    throw new CliError('usage', 'Give what to change: see holdfast webhooks change --help');
  return change;
}

function moreEvents(text: string, before: readonly WebhookEventType[] = []): WebhookEventType[] {
  const events = asList(text).map((one) => {
    const event = webhookEventTypes.find((known) => known === one);
    if (!event)
      throw new InvalidArgumentError(`'${one}' is no event. Takes ${webhookEventTypes.join(', ')}.`);
    return event;
  });
  return [...new Set([...before, ...events])];
}

function moreAgents(text: string, before: readonly string[] = []): string[] {
  return [...before, ...asList(text)];
}

function moreMetadata(text: string, before: MetadataFilter = {}): MetadataFilter {
  const member = parseMember(text);
  if (!member) throw new InvalidArgumentError('Takes name=value, e.g. channel=web.');
  return Object.fromEntries([...Object.entries(before), member]);
}
