import { useLocation } from 'preact-iso/router';
import { useEffect, useRef } from 'preact/hooks';
import { noteWho, userOf, who } from '../access/who.ts';
import { api } from '../api.ts';
import { useLoaded } from '../live/use-loaded.ts';
import { SignInPage } from '../sign-in/sign-in-page.tsx';
import { Loading } from '../ui/loading.tsx';
import { Header } from './header.tsx';
import { Pages } from './pages.tsx';

/** The header and the page that the URL names, or the page that asks for a key. */
export function Desk() {
  const main = useRef<HTMLElement>(null);
  const path = useRef(location.pathname);
  // A new page gets the focus at its beginning, as a new document would. A change of the query (filters) keeps the focus.
  const focusPage = (url: string): void => {
    const { pathname } = new URL(url, location.origin);
    if (pathname !== path.current) main.current?.focus();
    path.current = pathname;
  };
  const { query } = useLocation();
  const { problem } = useWho();
  const signedIn = who.value?.signed_in === true;
  // Nothing stays on the page of what another user, or another project, has shown.
  const shown = who.value && `${userOf(who.value)} ${query['project'] ?? ''}`;
  return (
    <>
      <Header />
      <main id="main" tabIndex={-1} ref={main}>
        {!who.value && <Loading problem={problem} />}
        {who.value && !signedIn && <SignInPage />}
        {signedIn && <Pages key={shown} onRouteChange={focusPage} />}
      </main>
    </>
  );
}

/** Asks the node who is signed in: at the start, and when the tab is seen again, since other tabs share the cookie. */
function useWho() {
  const { problem, reload } = useLoaded('who', async () => noteWho(await api.whoIsSignedIn()));
  useEffect(() => {
    const ask = (): void => {
      if (!document.hidden) void reload();
    };
    document.addEventListener('visibilitychange', ask);
    return () => document.removeEventListener('visibilitychange', ask);
  }, [reload]);
  return { problem };
}
