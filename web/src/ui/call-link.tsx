import { idIn, projectOf } from '../../../src/domain/project.ts';
import { callPage } from '../links.ts';

/** How many characters of an id are shown. The tooltip shows the whole id. */
const shownCharacters = 13;

/** A link to a call's page. With `whole` it shows the whole id. */
export function CallLink({ id, whole = false }: { id: string; whole?: boolean }) {
  return (
    <a class="mono" href={callPage(id)} title={id}>
      {whole ? id : <ShortId id={id} />}
    </a>
  );
}

/** The beginning of the id of a call or batch. On phones it begins after the project. */
export function ShortId({ id }: { id: string }) {
  const prefix = idIn(projectOf(id), '');
  const own = id.slice(prefix.length);
  return (
    <>
      {prefix !== '' && <span class="wide">{prefix}</span>}
      {own.length <= shownCharacters + 1 ? own : `${own.slice(0, shownCharacters)}…`}
    </>
  );
}
