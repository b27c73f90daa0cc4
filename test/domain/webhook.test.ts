import { describe, expect, it } from 'vitest';
import { WebhookBook, type NewWebhook } from '../../src/domain/webhook-book.ts';
import {
  answerWords,
  formatOf,
  hasMetadata,
  mayWant,
  projectOfWebhook,
  validSecrets,
  type EventFacts,
  type Webhook,
} from '../../src/domain/webhook.ts';

const wanted: Webhook = {
  id: 'wh1',
  name: 'CRM',
  url: 'sealed url',
  shownUrl: 'https://crm.example/…',
  events: ['call.completed', 'agent.state_changed'],
  filter: {},
  createdAt: 1_000,
  fromSegment: 1,
  secrets: [{ sealed: 'first' }],
};
const ended: EventFacts = {
  type: 'call.completed',
  project: 'default',
  agent: 'planner',
  sessionId: 'crm-7',
  userId: 'ann',
  at: 1_000,
};

describe('a webhook wants an event', () => {
  it('of its types and of its project, from its creation on', () => {
    expect(mayWant(wanted, ended)).toBe(true);
    expect(mayWant(wanted, { ...ended, type: 'call.failed' })).toBe(false);
    expect(mayWant(wanted, { ...ended, at: 999 })).toBe(false);
    expect(mayWant(wanted, { ...ended, project: 'crm' })).toBe(false);
    expect(mayWant({ ...wanted, project: 'crm' }, { ...ended, project: 'crm' })).toBe(true);
    expect(projectOfWebhook({ ...wanted, project: 'crm' })).toBe('crm');
  });

  it('also while it is switched off: it gets it later', () => {
    expect(mayWant({ ...wanted, disabledAt: 1 }, ended)).toBe(true);
  });

  it.each([
    [{ agents: ['plan*'] }, true],
    [{ agents: ['other'] }, false],
    [{ sessionPrefix: 'crm-' }, true],
    [{ sessionPrefix: 'shop-' }, false],
    [{ userId: 'ann' }, true],
    [{ userId: 'bob' }, false],
  ])('if its filter %j lets it pass: %j', (filter, passes) => {
    expect(mayWant({ ...wanted, filter }, ended)).toBe(passes);
  });

  it('only with a session or user if it asks for one', () => {
    const anonymous: EventFacts = { type: ended.type, project: 'default', agent: 'planner', at: 1_000 };
    expect(mayWant({ ...wanted, filter: { sessionPrefix: 'crm-' } }, anonymous)).toBe(false);
    expect(mayWant({ ...wanted, filter: { userId: 'ann' } }, anonymous)).toBe(false);
  });

  it('that is not about a call whatever session and user it asks for', () => {
    const changed = { type: 'agent.state_changed', agent: 'planner', at: 2_000 } as const;
    expect(mayWant({ ...wanted, filter: { userId: 'ann' } }, changed)).toBe(true);
    expect(mayWant({ ...wanted, filter: { agents: ['other'] } }, changed)).toBe(false);
    const batch = { ...wanted, events: ['batch.ended'] as const, filter: { agents: ['other'] } };
    expect(mayWant(batch, { type: 'batch.ended', project: 'default', at: 2_000 })).toBe(true);
  });

  it('whose call has the metadata', () => {
    expect(hasMetadata({})).toBe(true);
    expect(hasMetadata({ metadata: { tier: 'gold' } })).toBe(false);
    expect(hasMetadata({ metadata: { tier: 'gold' } }, { tier: 'gold', other: 1 })).toBe(true);
    expect(hasMetadata({ metadata: { tier: 'gold' } }, { tier: 'silver' })).toBe(false);
    expect(hasMetadata({ metadata: { toString: 'x' } }, {})).toBe(false);
  });
});

describe('the book of webhooks', () => {
  const given: NewWebhook = { ...wanted };
  const limit = 2;

  it('takes as many as there may be', () => {
    const book = new WebhookBook({ webhooks: [] });
    expect(book.refusalOfCreation(given, limit)).toBeUndefined();
    expect(book.create(given, 5_000).createdAt).toBe(5_000);
    book.create({ ...given, id: 'wh2' }, 5_000);
    expect(book.refusalOfCreation({ ...given, id: 'wh3' }, limit)).toMatchObject({ type: 'webhooks_full' });
    expect(new WebhookBook(book.state()).state().webhooks.map(({ id }) => id)).toEqual(['wh1', 'wh2']);
  });

  it('refuses what would make it too large', () => {
    const book = new WebhookBook({ webhooks: [wanted] });
    expect(book.refusalOfCreation({ ...given, name: 'x'.repeat(2_000_000) }, limit)).toMatchObject({
      type: 'webhooks_full',
    });
    expect(book.refusalOfChange('wh1', { name: 'x'.repeat(2_000_000) })).toMatchObject({
      type: 'webhooks_full',
    });
  });

  it('changes what is named, and keeps the rest', () => {
    const book = new WebhookBook({ webhooks: [wanted] });
    expect(book.refusalOfChange('wh1')).toBeUndefined();
    expect(book.refusalOfChange('wh9')).toMatchObject({ type: 'webhook_not_found' });
    expect(book.change('wh1', { name: 'Shop' }, 9)).toEqual({ ...wanted, name: 'Shop' });
    expect(book.change('wh1', { ordered: true, withContent: true }, 9)).toMatchObject({
      ordered: true,
      withContent: true,
    });
    expect(book.change('wh1', {}, 9)).toMatchObject({ ordered: true, withContent: true });
    expect(book.change('wh1', { ordered: false, withContent: false }, 9)).toEqual({
      ...wanted,
      name: 'Shop',
    });
  });

  it('merges the members of the filter that are given', () => {
    const book = new WebhookBook({ webhooks: [{ ...wanted, filter: { userId: 'ann', agents: ['a'] } }] });
    expect(book.change('wh1', { name: 'Shop' }, 9).filter).toEqual({ userId: 'ann', agents: ['a'] });
    book.change('wh1', { filter: { sessionPrefix: 'crm-' } }, 9);
    expect(book.change('wh1', { filter: { agents: null } }, 9).filter).toEqual({
      userId: 'ann',
      sessionPrefix: 'crm-',
    });
  });

  it('takes a shorter filter and a switch also when it is too large', () => {
    const large = { ...wanted, filter: { userId: 'x'.repeat(1_048_576) } };
    const book = new WebhookBook({ webhooks: [large] });
    expect(book.refusalOfChange('wh1', { filter: { userId: 'ann' } })).toBeUndefined();
    expect(book.refusalOfChange('wh1', { enabled: 'gone', ifUrl: large.url })).toBeUndefined();
    expect(book.refusalOfChange('wh1', { filter: { sessionPrefix: 'crm-' } })).toBeDefined();
  });

  it('does not switch off a webhook whose receiver with another URL has gone', () => {
    const book = new WebhookBook({ webhooks: [wanted] });
    expect(book.change('wh1', { enabled: 'gone', ifUrl: 'earlier' }, 9)).toEqual(wanted);
    expect(book.change('wh1', { enabled: 'gone', ifUrl: wanted.url }, 9)).toMatchObject({ disabledAt: 9 });
  });

  it('switches a webhook off, and on again', () => {
    const book = new WebhookBook({ webhooks: [wanted] });
    const off = { disabledAt: 9, disabledBecause: 'gone' };
    expect(book.change('wh1', { enabled: 'gone' }, 9)).toMatchObject(off);
    expect(book.change('wh1', { name: 'still off' }, 10)).toMatchObject(off);
    expect(book.change('wh1', { enabled: true, name: 'CRM' }, 11)).toEqual(wanted);
  });

  it('signs with earlier secrets for a while, but never with more than three', () => {
    const book = new WebhookBook({ webhooks: [wanted] });
    const rotated = book.rotate('wh1', 'second', 100, 1);
    expect(validSecrets(rotated, 99)).toEqual(['second', 'first']);
    expect(validSecrets(rotated, 100)).toEqual(['second']);
    // The answer with the second one may have been lost: the first one is still in use.
    expect(validSecrets(book.rotate('wh1', 'third', 200, 2), 99)).toEqual(['third', 'second', 'first']);
    expect(validSecrets(book.rotate('wh1', 'fourth', 200, 3), 99)).toEqual(['fourth', 'third', 'second']);
    expect(validSecrets(book.rotate('wh1', 'fifth', 4, 4), 4)).toEqual(['fifth']);
  });

  it('forgets what is removed', () => {
    const book = new WebhookBook({ webhooks: [wanted] });
    expect(book.remove('wh1')).toEqual(wanted);
    expect(book.state()).toEqual({ webhooks: [] });
  });
});

describe('the format of a webhook', () => {
  const id = 'wh1';
  const bookOf = (more: Partial<NewWebhook> = {}): WebhookBook => {
    const book = new WebhookBook({ webhooks: [] });
    book.create({ ...wanted, ...more }, 0);
    return book;
  };

  it('is standard unless it was chosen, and can be changed', () => {
    const book = bookOf();
    expect(formatOf(wanted)).toBe('standard');
    expect(formatOf(book.change(id, { format: 'slack' }, 0))).toBe('slack');
    expect(formatOf(book.change(id, { name: 'other' }, 0))).toBe('slack');
    expect(book.change(id, { format: 'standard' }, 0)).not.toHaveProperty('format');
  });

  it('is mail as long as its URL is a mailto URL', () => {
    const book = bookOf({ format: 'slack' });
    expect(formatOf(book.change(id, { shownUrl: 'mailto:ann@example.com' }, 0))).toBe('mail');
    expect(formatOf(book.change(id, { shownUrl: 'https://crm.example/' }, 0))).toBe('slack');
  });
});

it('the answer of a mail server is told from that of a receiver', () => {
  expect([answerWords(204), answerWords(250)]).toEqual(['HTTP 204', 'SMTP 250']);
});
