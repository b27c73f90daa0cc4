/** `mailto:` URLs, the targets of webhooks that are sent by mail. */

/** `reason` says what to change. */
export type MailAddresses =
  | { readonly ok: true; readonly addresses: readonly string[] }
  | { readonly ok: false; readonly reason: string };

const maxAddresses = 10;
/** Of one address, by RFC 5321. */
const maxLength = 254;
/** No quoted local parts, no comments, no literals: nothing that a header or an envelope could read in another way. */
const address =
  /^[\w.!#$&'*+/=?^`{|}~-]{1,64}@(?:[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?\.)*[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?$/i;

export const isMailto = (url: string): boolean => /^mailto:/i.test(url);

export const isMailAddress = (text: string): boolean => text.length <= maxLength && address.test(text);

/** Returns the addresses that the URL names, e.g. `mailto:oncall@example.com,second@example.com`. */
export function addressesIn(mailto: string): MailAddresses {
  const addresses = mailto.replace(/^mailto:/i, '').split(',');
  if (addresses.length > maxAddresses)
    return { ok: false, reason: `A mailto URL may have at most ${maxAddresses} addresses` };
  if (!addresses.every(isMailAddress))
    return {
      ok: false,
      reason:
        'A mailto URL has addresses alone, separated by commas, such as mailto:oncall@example.com: no names, no subject, nothing encoded',
    };
  return { ok: true, addresses: [...new Set(addresses)] };
}
