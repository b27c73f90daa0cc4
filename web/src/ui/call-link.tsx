import { idIn, projectOf } from '../../../src/domain/project.ts';
import { callPage } from '../links.ts';

/** How many characters of an id are shown. The tooltip shows the whole id. */
const shownCharacters = 13;

/** A link to a call's page. `opens`: a click on its row follows it. */
export function CallLink({ id, opens = false }: { id: string; opens?: boolean }) {
  return (
    <a class="mono" href={callPage(id)} title={id} data-opens={opens || undefined}>
      <ShortId id={id} />
    </a>
  );
}

/** The beginning of an id as text. */
export const shortId = (id: string): string => id.slice(idIn(projectOf(id), '').length, shownCharacters);

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
