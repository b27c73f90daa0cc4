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

/** What the desk's own router takes; links to anything else (the API, its documentation) leave the page. */
const ownPages = /^\/($|\?|(calls|agents|sessions?|batches)([/?]|$))/;

export function App() {
  const main = useRef<HTMLElement>(null);
  const path = useRef(location.pathname);
  // Where another page comes, the focus goes to its beginning, as when a document is loaded; not while filters change.
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
  if (!isWhole(path)) return <NotFound />;
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

/** The router throws at a path whose percent-encoding is not. */
function isWhole(path: string): boolean {
  try {
    return decodeURIComponent(path) !== ''; // Its value is used: bundlers drop a call whose value is not.
  } catch {
    return false;
  }
}
