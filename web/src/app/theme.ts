/** The colour theme: light, dark or that of the system. The choice is stored in the browser. */
import { effect, signal } from '@preact/signals';

const themes = ['system', 'light', 'dark'] as const;
type Theme = (typeof themes)[number];
const storageKey = 'holdfast-theme';

const isTheme = (value: unknown): value is Theme => themes.includes(value as Theme);
const stored = localStorage.getItem(storageKey);

/** The current theme. */
export const theme = signal<Theme>(isTheme(stored) ? stored : 'system');

/** Switches to the next theme. */
export function nextTheme(): void {
  theme.value = themes[(themes.indexOf(theme.value) + 1) % themes.length] ?? 'system';
}

effect(() => {
  document.documentElement.dataset['theme'] = theme.value;
  localStorage.setItem(storageKey, theme.value);
});
