/** Writes an event for people: as a message of Slack, or as a mail. */
import { wordsOf, type SentEvent } from './event-words.ts';

/** Where the event is read about further, and for whom it is. */
export interface EventPlace {
  /** The origin of the desk in browsers, e.g. `https://gateway.example.com`. Undefined if it is not known. */
  readonly desk: string | undefined;
  /** The project of the webhook; undefined for `default`. */
  readonly project: string | undefined;
}

/**
 * Returns the body for an incoming webhook of Slack
 * (https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks), in its mrkdwn, with what
 * https://docs.slack.dev/messaging/formatting-message-text wants escaped. Mattermost and Discord's addresses that end with
 * `/slack` take the same.
 */
export function slackMessage(event: SentEvent, place: EventPlace): string {
  const { title, details, page } = wordsOf(event);
  const link = linkTo(page, place);
  const below = [
    ...(details === undefined ? [] : [escaped(details)]),
    ...(link === undefined ? [] : [`<${escaped(link)}|Open the desk>`]),
  ];
  return JSON.stringify({
    text: [escaped(title), below.join(' · ')].filter((line) => line !== '').join('\n'),
  });
}

export interface MailText {
  readonly subject: string;
  readonly text: string;
}

/** `footer` is the mail's last line. */
export function mailText(event: SentEvent, place: EventPlace, footer: string): MailText {
  const { title, details, page } = wordsOf(event);
  const link = linkTo(page, place);
  const below = [details === undefined ? undefined : `${details}.`, link, `-- \n${footer}`];
  return {
    subject: `[Holdfast] ${title}`,
    text: [`${title}.`, ...below.filter((part) => part !== undefined)].join('\n\n') + '\n',
  };
}

function linkTo(page: string | undefined, { desk, project }: EventPlace): string | undefined {
  if (desk === undefined) return undefined;
  const query = project === undefined ? '' : `?project=${encodeURIComponent(project)}`;
  return `${desk}${page ?? '/'}${query}`;
}

/** An @ gets a space of no width behind it: Mattermost and Discord would tell everybody for `@all` and `@everyone`. */
function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('@', '@\u200b');
}
