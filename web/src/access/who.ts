/** Who is signed in at the desk, as the node says it. Nothing of it is kept in the browser but the cookie. */
import { signal } from '@preact/signals';
import type { SignIn } from '../../../src/contract/sign-in.ts';

/** Undefined until the node has said it. */
export const who = signal<SignIn | undefined>(undefined);

/** Why the user has to sign in again. Empty at a first visit and after signing out. */
export const whySignedOut = signal('');

/** Notes that the node takes no request of this browser any more, so that the desk asks for a key. */
export function signedOut(why: string): void {
  if (!who.value) return;
  whySignedOut.value = why;
  who.value = { ...who.value, signed_in: false, csrf_token: null };
}

/** Notes what the node says about the sender. */
export function noteWho(found: SignIn): void {
  if (found.signed_in) whySignedOut.value = '';
  who.value = found;
}
