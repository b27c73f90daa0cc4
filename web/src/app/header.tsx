import { useLocation } from 'preact-iso/router';
import type { Scope } from '../../../src/domain/api-key.ts';
import { AlertsBadge } from '../alerts/alerts-badge.tsx';
import { may } from '../access/may.ts';
import { who } from '../access/who.ts';
import { pageLink } from '../links.ts';
import { SignedIn } from '../sign-in/signed-in.tsx';
import { ProjectSwitch } from './project-switch.tsx';
import { nextTheme, theme } from './theme.ts';
import { TimeZoneButton } from './time-zone-button.tsx';

const links: readonly (readonly [string, string, Scope])[] = [
  ['/', 'Overview', 'read'],
  ['/calls', 'Calls', 'read'],
  ['/batches', 'Batches', 'read'],
  ['/agents', 'Agents', 'read'],
  ['/sessions', 'Sessions', 'read'],
  ['/alerts', 'Alerts', 'read'],
  ['/webhooks', 'Webhooks', 'read'],
  ['/keys', 'Keys', 'admin'],
  ['/projects', 'Projects', 'admin'],
];

const icons = { system: '◐', light: '○', dark: '●' } as const;

/** Navigation, the project, who is signed in, and the buttons that switch the time zone and the theme. */
export function Header() {
  const { path } = useLocation();
  const isCurrent = (href: string): boolean =>
    path === href || (href !== '/' && path.startsWith(`${href}/`)) || (hrefOfOther[path] ?? '') === href;
  const signedIn = who.value?.signed_in === true;
  const shown = links.filter(([, , scope]) => signedIn && may(scope));
  return (
    <header class="top">
      <a class="brand" href={pageLink('/')}>
        <svg viewBox="0 0 32 32" width="22" height="22" aria-hidden="true">
          <rect width="32" height="32" rx="7" />
          <path d="M9 7v18M23 7v18M9 16h14" />
        </svg>
        Holdfast
      </a>
      <nav aria-label="Pages">
        {shown.map(([href, label]) => (
          <a key={href} href={pageLink(href)} aria-current={isCurrent(href) ? 'page' : undefined}>
            {label}
            {href === '/alerts' && <AlertsBadge />}
          </a>
        ))}
      </nav>
      {signedIn && may('admin') && <ProjectSwitch />}
      {signedIn && <SignedIn />}
      <a class="docs-link" href="/docs">
        API
      </a>
      <TimeZoneButton />
      <button type="button" class="quiet" aria-label={`Theme: ${theme.value}`} onClick={nextTheme}>
        <span aria-hidden="true">{icons[theme.value]}</span>
      </button>
    </header>
  );
}

/** The link that is current on a page whose path does not begin like it. */
const hrefOfOther: Readonly<Record<string, string>> = { '/agent': '/agents', '/session': '/sessions' };
