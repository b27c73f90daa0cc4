import { member } from './member.ts';

/** The values of an error's `code` or `type`, in OpenAI's API and in compatible ones, that mean a used-up quota. */
const usedUp = new Set<unknown>(['insufficient_quota', 'billing_hard_limit_reached']);

/** Whether the body of a 429 says that waiting does not help, because the quota is used up or the account is blocked. */
export function saysQuotaIsUsedUp(body: string): boolean {
  let said: unknown;
  try {
    said = JSON.parse(body);
  } catch {
    return false;
  }
  return [member(said, 'error'), said].some(
    (error) => usedUp.has(member(error, 'code')) || usedUp.has(member(error, 'type')),
  );
}
