/** Who is signed in at the desk, as the node says it. Nothing of it is kept in the browser but the cookie. */
import { signal } from '@preact/signals';
import type { SignIn } from '../../../src/contract/sign-in.ts';

/** Undefined until the node has said it. */
export const who = signal<SignIn | undefined>(undefined);

/** Why the user has to sign in again. Empty at a first visit and after signing out. */
export const whySignedOut = signal('');

/**
 * Notes that the node takes no request of this browser any more, so that the desk asks for a key. `why` is the node's reason. It
 * helps only if it is about the user's key: of an ended cookie the node sees nothing, and asks for a header. `sender` is who was
 * signed in when the refused request was sent: the user may have signed in anew since.
 */
export function signedOut(why: string, sender: SignIn | undefined): void {
  if (!who.value || who.value.csrf_token !== sender?.csrf_token) return;
  const { key_id: id } = who.value;
  const isAboutUser = (id !== null && why.includes(id)) || why.includes('your groups');
  whySignedOut.value = isAboutUser ? why : whyEnded(who.value);
  who.value = { ...who.value, signed_in: false, csrf_token: null };
}

/** Differs between users, but not between the sign-ins of one. */
export function userOf(signIn: SignIn): string {
  return `${signIn.how ?? ''} ${signIn.key_id ?? signIn.subject ?? ''}`;
}

const whyEnded = ({ how }: SignIn): string =>
  how === 'open' ? 'This node needs a key now.' : 'The sign-in has ended.';

/** Notes what the node says about the sender. */
export function noteWho(found: SignIn): void {
  if (found.signed_in) whySignedOut.value = '';
  else if (who.value?.signed_in) whySignedOut.value = whyEnded(who.value);
  who.value = found;
}
