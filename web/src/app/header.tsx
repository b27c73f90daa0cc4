import { useLocation } from 'preact-iso/router';
import { nextTheme, theme } from './theme.ts';

const links = [
  ['/calls', 'Calls'],
  ['/batches', 'Batches'],
  ['/agents', 'Agents'],
  ['/sessions', 'Sessions'],
] as const;

const icons = { system: '◐', light: '○', dark: '●' } as const;

/** Navigation, and the button that switches the theme. */
export function Header() {
  const { path } = useLocation();
  const isCurrent = (href: string): boolean => path.startsWith(href) || (path === '/' && href === '/calls');
  return (
    <header class="top">
      <a class="brand" href="/calls">
        <svg viewBox="0 0 32 32" width="22" height="22" aria-hidden="true">
          <rect width="32" height="32" rx="7" />
          <path d="M9 7v18M23 7v18M9 16h14" />
        </svg>
        Holdfast
      </a>
      <nav aria-label="Pages">
        {links.map(([href, label]) => (
          <a key={href} href={href} aria-current={isCurrent(href) ? 'page' : undefined}>
            {label}
          </a>
        ))}
      </nav>
      <a class="docs-link" href="/docs">
        API
      </a>
      <button type="button" class="quiet" aria-label={`Theme: ${theme.value}`} onClick={nextTheme}>
        <span aria-hidden="true">{icons[theme.value]}</span>
      </button>
    </header>
  );
}
