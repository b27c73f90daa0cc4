import { member } from './member.ts';

/** As OpenAI and those who speak its API say it, in the error's `code` or `type`. */
const usedUp = new Set<unknown>(['insufficient_quota', 'billing_hard_limit_reached']);

/** Whether the body of a 429 says that there is nothing to wait for: the quota is used up, the account is blocked. */
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
