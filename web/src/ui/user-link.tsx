import { pageLink } from '../links.ts';

/** A link to the calls of a user. */
export function UserLink({ id }: { id: string }) {
  return (
    <a href={pageLink('/calls', { user: id })} title={`Calls of ${id}`}>
      {id}
    </a>
  );
}
