import { signal } from '@preact/signals';

const shownMs = 5_000;
const notice = signal('');
let timer: ReturnType<typeof setTimeout>;

/** Shows a short message for 5 s, which screen readers announce. */
export function notify(text: string): void {
  clearTimeout(timer);
  notice.value = text;
  timer = setTimeout(() => (notice.value = ''), shownMs);
}

/** Shows the message of `notify`. The desk renders it once. */
export function Notice() {
  return (
    <div class="notice" role="status">
      {notice.value !== '' && <p>{notice.value}</p>}
    </div>
  );
}
