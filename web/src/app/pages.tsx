import type { ComponentType } from 'preact';
import { Route, Router, useLocation } from 'preact-iso/router';
import type { Scope } from '../../../src/domain/api-key.ts';
import { may } from '../access/may.ts';
import { chosenProject } from '../access/project.ts';
import { who } from '../access/who.ts';
import { AgentPage } from '../agents/agent-page.tsx';
import { AgentsPage } from '../agents/agents-page.tsx';
import { AlertsPage } from '../alerts/alerts-page.tsx';
import { BatchPage } from '../batches/batch-page.tsx';
import { BatchesPage } from '../batches/batches-page.tsx';
import { CallPage } from '../call/call-page.tsx';
import { CallsPage } from '../calls/calls-page.tsx';
import { ComparePage } from '../compare/compare-page.tsx';
import { KeysPage } from '../keys/keys-page.tsx';
import { Home } from '../overview/home.tsx';
import { ProjectsPage } from '../projects/projects-page.tsx';
import { SessionPage } from '../sessions/session-page.tsx';
import { SessionsPage } from '../sessions/sessions-page.tsx';
import { WebhookPage } from '../webhooks/webhook-page.tsx';
import { WebhooksPage } from '../webhooks/webhooks-page.tsx';
import { NotAllowed, OtherProject } from './not-allowed.tsx';
import { NotFound } from './not-found.tsx';

/** The page that the URL names, if the key may see it. */
export function Pages({ onRouteChange }: { onRouteChange: (url: string) => void }) {
  const { path } = useLocation();
  const chosen = chosenProject();
  if (!canBeDecoded(path)) return <NotFound />;
  if (chosen !== undefined && chosen !== who.value?.project && !may('admin'))
    return <OtherProject name={chosen} />;
  return (
    <Router onRouteChange={onRouteChange}>
      <Route path="/" component={pages.home} />
      <Route path="/calls" component={pages.calls} />
      <Route path="/calls/:id" component={pages.call} />
      <Route path="/calls/:id/compare/:other" component={pages.compare} />
      <Route path="/agents" component={pages.agents} />
      <Route path="/agents/:name" component={pages.agent} />
      <Route path="/agent" component={pages.agent} />
      <Route path="/sessions" component={pages.sessions} />
      <Route path="/sessions/:id" component={pages.session} />
      <Route path="/session" component={pages.session} />
      <Route path="/batches" component={pages.batches} />
      <Route path="/batches/:id" component={pages.batch} />
      <Route path="/alerts" component={pages.alerts} />
      <Route path="/webhooks" component={pages.webhooks} />
      <Route path="/webhooks/:id" component={pages.webhook} />
      <Route path="/keys" component={pages.keys} />
      <Route path="/projects" component={pages.projects} />
      <Route default component={NotFound} />
    </Router>
  );
}

/** Made once, because a component that is made at each rendering would lose its state. */
const pages = {
  home: withScope('read', Home),
  calls: withScope('read', CallsPage),
  call: withScope('read', CallPage),
  compare: withScope('read', ComparePage),
  agent: withScope('read', AgentPage),
  agents: withScope('read', AgentsPage),
  sessions: withScope('read', SessionsPage),
  session: withScope('read', SessionPage),
  batches: withScope('read', BatchesPage),
  batch: withScope('read', BatchPage),
  alerts: withScope('read', AlertsPage),
  webhooks: withScope('read', WebhooksPage),
  webhook: withScope('read', WebhookPage),
  keys: withScope('admin', KeysPage),
  projects: withScope('admin', ProjectsPage),
};

/** Returns the page; with a key that lacks the scope it only says so. */
function withScope(scope: Scope, Shown: ComponentType): ComponentType {
  return () => (may(scope) ? <Shown /> : <NotAllowed scope={scope} />);
}

/** Whether the path has valid percent-encoding. Checked because the router throws for an invalid one. */
function canBeDecoded(path: string): boolean {
  try {
    return decodeURIComponent(path) !== ''; // The value must be used, because bundlers remove calls with unused values.
  } catch {
    return false;
  }
}
