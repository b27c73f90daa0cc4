import { describe, expect, it } from 'vitest';
import { addressesIn, isMailto } from '../../src/domain/mail-addresses.ts';

describe('a mailto URL', () => {
  it('names one address or several, each once', () => {
    expect(addressesIn('mailto:oncall@example.com')).toEqual({ ok: true, addresses: ['oncall@example.com'] });
    expect(addressesIn('MAILTO:a+b@x.example,c@localhost,a+b@x.example')).toEqual({
      ok: true,
      addresses: ['a+b@x.example', 'c@localhost'],
    });
  });

  it.each([
    'mailto:',
    'mailto:oncall',
    'mailto:oncall@',
    'mailto:oncall@example.com,',
    'mailto:oncall@example.com, second@example.com',
    'mailto:oncall@example.com?subject=x',
    'mailto:oncall@example.com?bcc=x@example.com',
    'mailto:on%0Acall@example.com',
    'mailto:oncall@example.com\r\nBcc:x@example.com',
    'mailto:Ann <ann@example.com>',
    'mailto:"a b"@example.com',
    'mailto:ann@[127.0.0.1]',
    'mailto:ann@-x.example',
    `mailto:${'a'.repeat(65)}@example.com`,
    `mailto:a@${'b.'.repeat(130)}example`,
  ])('%j is refused', (url) => {
    expect(addressesIn(url)).toMatchObject({
      ok: false,
      reason: expect.stringMatching(/addresses alone/) as string,
    });
  });

  it('has at most ten addresses', () => {
    const many = (count: number): string =>
      `mailto:${Array.from({ length: count }, (_, index) => `a${index}@example.com`).join(',')}`;
    expect(addressesIn(many(10)).ok).toBe(true);
    expect(addressesIn(many(11))).toEqual({
      ok: false,
      reason: 'A mailto URL may have at most 10 addresses',
    });
  });

  it('is told from others by its beginning', () => {
    expect([isMailto('mailto:x'), isMailto('MailTo:x'), isMailto('https://mailto:x/')]).toEqual([
      true,
      true,
      false,
    ]);
  });
});
