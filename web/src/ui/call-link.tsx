import { segment } from '../http.ts';

/** Short enough to be told apart, whole in the tooltip. */
const shownCharacters = 13;

export function CallLink({ id, whole = false }: { id: string; whole?: boolean }) {
  return (
    <a class="mono" href={`/calls/${segment(id)}`} title={id}>
      {whole || id.length <= shownCharacters + 1 ? id : `${id.slice(0, shownCharacters)}…`}
    </a>
  );
}
