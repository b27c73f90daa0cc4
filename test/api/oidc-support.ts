/** What the tests of people and their issuer share. */
import { expect } from 'vitest';
import { client, type TestIssuer } from '../rig/issuer.ts';
import { HttpClient, type HttpAnswer } from '../rig/http-client.ts';
import { WalkingBrowser, type Page } from '../rig/walking-browser.ts';

export const signIn = '/api/vps/sign-in';
const host = '127.0.0.1';

export const people = {
  ann: { name: 'Ann Adams\u0007\u202e', email: 'ann@example.com', groups: ['staff', 'admins'] },
  sam: { email: 'sam@example.com', groups: 'support' },
  rita: { name: ' ', groups: ['readers', 'nobody', 'late'] },
  eve: { name: 'Eve', groups: ['staff', 'Admins', 'admins '] },
  noah: { name: 'Noah' },
};

/** The settings of a node with this issuer. */
export function settingsFor({ url }: Pick<TestIssuer, 'url'>): Record<string, string> {
  return {
    HOLDFAST_OIDC_ISSUER: url,
    HOLDFAST_OIDC_CLIENT_ID: client.id,
    HOLDFAST_OIDC_CLIENT_SECRET: client.secret,
    HOLDFAST_OIDC_GROUPS: 'admins=admin; support=crm:read,operate; readers=read; late=crm:call',
  };
}

/** A browser that was sent to the issuer, and where it was sent. */
export async function begin(
  url: string,
  to = '/calls',
): Promise<{ readonly browser: WalkingBrowser; readonly start: Page }> {
  const browser = new WalkingBrowser();
  const start = await browser.ask(`${url}${signIn}/oidc?to=${encodeURIComponent(to)}`);
  expect(start.status).toBe(302);
  return { browser, start };
}

/** Logs in at the issuer. Returns the address to which that sends the browser back, which was not asked for. */
export async function logIn(
  url: string,
  login: string,
): Promise<{ readonly browser: WalkingBrowser; readonly back: string }> {
  const { browser, start } = await begin(url);
  const back = await browser.walk(start, login, (one) => one.startsWith(url));
  expect(back).toContain(`${url}${signIn}/oidc/callback?`);
  return { browser, back };
}

/** The whole way. Returns the desk's cookie as the browser sends it. */
export async function signInAs(url: string, login: string): Promise<{ readonly Cookie: string }> {
  const { browser, back } = await logIn(url, login);
  const { location } = await browser.ask(back);
  expect(location).toBe(`${url}/calls`);
  return { Cookie: deskCookie(browser) ?? '' };
}

/** The desk's cookie as the browser sends it. */
export function deskCookie(browser: WalkingBrowser): string | undefined {
  const value = browser.cookieOf(host, 'holdfast_desk');
  return value === undefined ? undefined : `holdfast_desk=${value}`;
}

/** Expects that the browser was sent to the desk's sign-in page, and got no cookie of it. */
export function expectNotSignedIn(page: Page, url: string, why: string): void {
  expect(page.status).toBe(302);
  // Where the person wanted to go, if the attempt is known.
  expect(['/', '/calls'].map((path) => `${url}${path}?sign_in_error=${why}`)).toContain(page.location);
  expect(page.setCookies.join()).not.toContain('holdfast_desk=');
}

/** An answer to a request with the token as Bearer. */
export function byToken(url: string, token: string, path = '/api/vps/calls'): Promise<HttpAnswer> {
  return new HttpClient(url, token).get(path);
}
