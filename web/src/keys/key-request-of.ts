import type { KeyRequest } from '../../../src/contract/keys.ts';
import type { Scope } from '../../../src/domain/api-key.ts';
import { Problem } from '../http.ts';
import { agentsIn } from '../ui/agents-field.tsx';
import { formText } from '../ui/form-text.ts';
import { limitsIn } from '../ui/limit-fields.tsx';

const daySeconds = 86_400;

/** Converts the values of the form to the request of a new key. Throws `Problem` if no scope was chosen. */
export function keyRequestOf(values: FormData): KeyRequest {
  const scopes = values.getAll('scope') as Scope[];
  const agents = agentsIn(values);
  const days = formText(values, 'days');
  const limits = limitsIn(values);
  if (scopes.length === 0) throw new Problem('Nothing was sent', 'Choose what the key may do.');
  return {
    name: formText(values, 'name'),
    project: formText(values, 'project'),
    scopes,
    ...(agents.length > 0 && { agents }),
    ...(days !== '' && { expires_in_seconds: Math.max(1, Math.round(Number(days) * daySeconds)) }),
    ...(Object.keys(limits).length > 0 && { limits }),
  };
}
