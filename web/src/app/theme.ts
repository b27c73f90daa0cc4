/** Light, dark, or as the system has it; the choice is kept in this browser. */
import { effect, signal } from '@preact/signals';

const themes = ['system', 'light', 'dark'] as const;
type Theme = (typeof themes)[number];
const storageKey = 'holdfast-theme';

const isTheme = (value: unknown): value is Theme => themes.includes(value as Theme);
const kept = localStorage.getItem(storageKey);

export const theme = signal<Theme>(isTheme(kept) ? kept : 'system');

export function nextTheme(): void {
  theme.value = themes[(themes.indexOf(theme.value) + 1) % themes.length] ?? 'system';
}

effect(() => {
  document.documentElement.dataset['theme'] = theme.value;
  localStorage.setItem(storageKey, theme.value);
});
