import { useRef } from 'preact/hooks';
import { LocationProvider, Route, Router, useLocation } from 'preact-iso/router';
import { AgentsPage } from '../agents/agents-page.tsx';
import { BatchPage } from '../batches/batch-page.tsx';
import { BatchesPage } from '../batches/batches-page.tsx';
import { CallPage } from '../call/call-page.tsx';
import { CallsPage } from '../calls/calls-page.tsx';
import { SessionPage } from '../sessions/session-page.tsx';
import { SessionsPage } from '../sessions/sessions-page.tsx';
import { Notice } from '../ui/notice.tsx';
import { Header } from './header.tsx';
import { NotFound } from './not-found.tsx';

/** The paths that the desk's router handles. Other links (the API, its documentation) load a new document. */
const ownPages = /^\/($|\?|(calls|agents|sessions?|batches)([/?]|$))/;

/** The whole desk: header, page and notices. */
export function App() {
  const main = useRef<HTMLElement>(null);
  const path = useRef(location.pathname);
  // A new page gets the focus at its beginning, as a new document would. A change of the query (filters) keeps the focus.
  const focusPage = (url: string): void => {
    const { pathname } = new URL(url, location.origin);
    if (pathname !== path.current) main.current?.focus();
    path.current = pathname;
  };
  return (
    <LocationProvider scope={ownPages}>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <Header />
      <main id="main" tabIndex={-1} ref={main}>
        <Pages onRouteChange={focusPage} />
      </main>
      <Notice />
    </LocationProvider>
  );
}

function Pages({ onRouteChange }: { onRouteChange: (url: string) => void }) {
  const { path } = useLocation();
  if (!canBeDecoded(path)) return <NotFound />;
  return (
    <Router onRouteChange={onRouteChange}>
      <Route path="/" component={CallsPage} />
      <Route path="/calls" component={CallsPage} />
      <Route path="/calls/:id" component={CallPage} />
      <Route path="/agents" component={AgentsPage} />
      <Route path="/sessions" component={SessionsPage} />
      <Route path="/sessions/:id" component={SessionPage} />
      <Route path="/session" component={SessionPage} />
      <Route path="/batches" component={BatchesPage} />
      <Route path="/batches/:id" component={BatchPage} />
      <Route default component={NotFound} />
    </Router>
  );
}

/** Whether the path has valid percent-encoding. Checked because the router throws for an invalid one. */
function canBeDecoded(path: string): boolean {
  try {
    return decodeURIComponent(path) !== ''; // The value must be used, because bundlers remove calls with unused values.
  } catch {
    return false;
  }
}
