import { segment } from '../http.ts';

/** How much of a call id is shown; the tooltip has all of it. */
const shownCharacters = 13;

/** A link to a call's page. `whole`: show the whole id. */
export function CallLink({ id, whole = false }: { id: string; whole?: boolean }) {
  return (
    <a class="mono" href={`/calls/${segment(id)}`} title={id}>
      {whole || id.length <= shownCharacters + 1 ? id : `${id.slice(0, shownCharacters)}…`}
    </a>
  );
}
