import type { ComponentChildren } from 'preact';
import type { Key } from '../../../src/contract/keys.ts';
import { limitWords } from '../ui/limit-fields.tsx';
import { Status } from '../ui/status.tsx';
import { Time } from '../ui/time.tsx';
import { KeyActions } from './key-actions.tsx';

/** One key: what it may do, when it was used, and its buttons. It never has the key itself. */
export function KeyCard({ of, onChange }: { of: Key; onChange: () => void }) {
  return (
    <article class="panel" aria-label={`${of.name}, ${of.id}`}>
      <div class="panel-head">
        <h2>{of.name}</h2>
        <Status of={of.status} />
      </div>
      <dl class="facts">
        <Fact name="Id">
          <code>{of.id}</code>
        </Fact>
        <Fact name="Project">{of.project}</Fact>
        <Fact name="Scopes">{of.scopes.join(', ')}</Fact>
        <Fact name="Agents">{of.agents?.join(', ') ?? 'all'}</Fact>
        <Fact name="Created">
          <Time at={of.created_at} />
        </Fact>
        <Fact name="Last used">
          <Maybe at={of.last_used_at} otherwise="–" />
        </Fact>
        {of.revoked_at === null ? (
          <Fact name={of.status === 'expired' ? 'Expired' : 'Expires'}>
            <Maybe at={of.expires_at} otherwise="never" />
          </Fact>
        ) : (
          <Fact name="Revoked">
            <Time at={of.revoked_at} />
          </Fact>
        )}
        <div class="broad">
          <dt>Limits</dt>
          <dd>{limitWords(of.limits)}</dd>
        </div>
        {of.earlier_secret_until !== null && (
          <Fact name="Secret before valid until">
            <Time at={of.earlier_secret_until} />
          </Fact>
        )}
      </dl>
      {of.status === 'valid' && <KeyActions of={of} onChange={onChange} />}
    </article>
  );
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Maybe({ at, otherwise }: { at: string | null; otherwise: string }) {
  return at === null ? <>{otherwise}</> : <Time at={at} />;
}
