import { answerWords } from '../../../src/domain/webhook.ts';

/** What came of a try, or of an event that was not sent. */
interface Tried {
  /** The HTTP status, or the reply code of the mail server. */
  readonly status: number | null;
  readonly error: string | null;
}

/** Says what came of a try: the answer, or why there was none. Empty if nothing is known. */
export function triedWords({ status, error }: Tried): string {
  return error ?? (status === null ? '' : answerWords(status));
}
