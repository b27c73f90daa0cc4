/** What an event of a webhook says, in plain words: for chats and mails, which people read. */

/** An event as it is sent (docs/webhooks.md). */
export interface SentEvent {
  readonly type: string;
  readonly timestamp: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface EventWords {
  /** What happened, in one line. */
  readonly title: string;
  /** What else is to say, in one line. */
  readonly details?: string;
  /** The path of the desk's page about it. */
  readonly page?: string;
}

/** The most characters of a text that somebody else wrote. */
const maxLength = 300;
/** How many members are shown of an event of an unknown type. */
const maxMembers = 6;

type Data = SentEvent['data'];

/** Never has content of calls, nor line breaks and other control characters. An unknown type gets its members. */
export function wordsOf({ type, data }: SentEvent): EventWords {
  switch (type) {
    case 'call.completed':
    case 'call.failed':
    case 'call.cancelled':
      return wordsOfCall(type, data);
    case 'agent.state_changed':
      return {
        title: `Agent ${text(data['agent_name'])} is ${text(data['to'])}`,
        details: `It was ${text(data['from'])} before`,
        page: '/agents',
      };
    case 'batch.ended':
      return wordsOfBatch(data);
    case 'alert.fired':
      return {
        title: `Alert, ${text(data['severity'])}: ${text(data['summary'])}`,
        details: sentences([`Since ${text(data['fired_at'])}`, directWords(data), runbookOf(data)]),
        page: '/alerts',
      };
    case 'alert.resolved':
      return {
        title: `Resolved: ${text(data['summary'])}`,
        details: sentences([
          `Fired at ${text(data['fired_at'])}, resolved at ${text(data['resolved_at'])}`,
          directWords(data),
        ]),
        page: '/alerts',
      };
    case 'webhook.test':
      return {
        title: `Test of the webhook ${text(data['name'])}`,
        details: 'Its events arrive here',
        page: `/webhooks/${encodeURIComponent(text(data['webhook_id']))}`,
      };
    default:
      return wordsOfUnknown(type, data);
  }
}

function wordsOfCall(type: string, data: Data): EventWords {
  const [asked, answered, call] = [
    text(data['agent_name']),
    text(data['answered_by']),
    text(data['call_id']),
  ];
  const titles: Readonly<Record<string, string>> = {
    'call.completed':
      asked === answered ? `${asked} answered a call` : `${answered} answered a call instead of ${asked}`,
    'call.failed': `A call to ${asked} failed: ${text(data['error_type'])}`,
    'call.cancelled': `A call to ${asked} was cancelled`,
  };
  const failed = listOf(data['attempts']).filter((attempt) => attempt['error_type'] !== null);
  const tried = failed.map((attempt) => `${text(attempt['agent'])} (${text(attempt['error_type'])})`);
  return {
    title: titles[type] as string,
    details: sentences([`Call ${call}`, tried.length > 0 && `No answer from ${tried.join(', ')}`]),
    page: `/calls/${encodeURIComponent(call)}`,
  };
}

function wordsOfBatch(data: Data): EventWords {
  const id = text(data['batch_id']);
  const ends: Readonly<Record<string, string>> = { completed: 'is done', cancelled: 'was cancelled' };
  return {
    title: `A batch of reruns ${ends[text(data['status'])] ?? text(data['status'])}: ${text(data['now_succeeded'])} of ${text(data['total'])} calls succeeded now`,
    details: `${text(data['failed_again'])} failed again, ${text(data['skipped'])} were skipped. Batch ${id}`,
    page: `/batches/${encodeURIComponent(id)}`,
  };
}

function wordsOfUnknown(type: string, data: Data): EventWords {
  const members = Object.entries(data)
    .filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value))
    .slice(0, maxMembers)
    .map(([name, value]) => `${text(name)}: ${text(value)}`);
  return { title: text(type), ...(members.length > 0 && { details: members.join(', ') }) };
}

const directWords = (data: Data): string | false =>
  data['direct'] === true && 'Sent by a node itself, because Temporal or the workers are away';

const runbookOf = (data: Data): string | false =>
  typeof data['runbook'] === 'string' && `What to do: ${oneLine(data['runbook'])}`;

function listOf(value: unknown): readonly Data[] {
  return Array.isArray(value) ? (value as readonly Data[]) : [];
}

function sentences(parts: readonly (string | false)[]): string {
  return parts.filter((part) => part !== false).join('. ');
}

function text(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? oneLine(withoutLinks(String(value)))
    : 'unknown';
}

/** Chats and mail programs make links of addresses in names, and Discord of `[text](address)`. */
export function withoutLinks(value: string): string {
  return value.replaceAll('://', ':/\u200b/').replaceAll('](', ']\u200b(');
}

/** Keeps a text in its line, and in its direction: in a mail, the lines below the subject are headers. */
function oneLine(value: string): string {
  const line = value.replace(/[\s\p{Cc}\u202a-\u202e\u2066-\u2069]+/gu, ' ').trim();
  const characters = Array.from(line);
  return characters.length > maxLength ? `${characters.slice(0, maxLength - 1).join('')}…` : line;
}
