import { signal } from '@preact/signals';

const shownMs = 5_000;
const notice = signal('');
let timer: ReturnType<typeof setTimeout>;

/** Says for a moment what was done. */
export function notify(text: string): void {
  clearTimeout(timer);
  notice.value = text;
  timer = setTimeout(() => (notice.value = ''), shownMs);
}

export function Notice() {
  return (
    <div class="notice" role="status">
      {notice.value !== '' && <p>{notice.value}</p>}
    </div>
  );
}
