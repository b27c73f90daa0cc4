import { segment } from '../http.ts';

/** How many characters of a call id are shown. The tooltip shows the whole id. */
const shownCharacters = 13;

/** A link to a call's page. With `whole` it shows the whole id. */
export function CallLink({ id, whole = false }: { id: string; whole?: boolean }) {
  return (
    <a class="mono" href={`/calls/${segment(id)}`} title={id}>
      {whole || id.length <= shownCharacters + 1 ? id : `${id.slice(0, shownCharacters)}…`}
    </a>
  );
}
