import { useLocation } from 'preact-iso/router';
import { useEffect, useRef } from 'preact/hooks';
import { chosenProject } from '../access/project.ts';
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
  useLocation(); // The project is in the URL.
  const { problem } = useWho();
  const signedIn = who.value?.signed_in === true;
  // Nothing stays on the page of what another user, or another project, has shown.
  const shown = who.value && `${userOf(who.value)} ${chosenProject() ?? ''}`;
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

/** Notes who is signed in, unless the user has signed in or out meanwhile. */
async function askWho(): Promise<void> {
  const before = who.value;
  const found = await api.whoIsSignedIn();
  if (who.value === before) noteWho(found);
}

/** Asks the node who is signed in: at the start, and when the user comes back to this tab, since others share the cookie. */
function useWho() {
  const { problem, reload } = useLoaded('who', askWho);
  useEffect(() => {
    const ask = (): void => {
      if (!document.hidden) void reload();
    };
    document.addEventListener('visibilitychange', ask);
    window.addEventListener('focus', ask);
    return () => {
      document.removeEventListener('visibilitychange', ask);
      window.removeEventListener('focus', ask);
    };
  }, [reload]);
  return { problem };
}
