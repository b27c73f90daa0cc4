import { CallLink } from '../ui/call-link.tsx';

/** Which call is ahead of this one in its session, while this one waits for its turn. */
export function WaitingFor({ id }: { id: string | null | undefined }) {
  if (id == null) return null;
  return (
    <p>
      Waiting for its turn behind <CallLink id={id} />
    </p>
  );
}
