import { api } from '../api.ts';
import { Problem } from '../http.ts';
import { noteWho, userOf } from './who.ts';

/** Signs in with a key, and makes sure that requests are sent as its user from now on. Throws `Problem`. */
export async function signInWith(key: string): Promise<void> {
  const wanted = await api.signIn(key);
  const found = await api.whoIsSignedIn();
  if (userOf(found) !== userOf(wanted) || found.csrf_token === null)
    throw new Problem(
      'The browser does not use this sign-in',
      'It refuses the cookie, or it sends another key as a password: allow the cookies of this site and clear those that it has, or close all windows of the browser.',
    );
  noteWho(found);
}
