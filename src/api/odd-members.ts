/** Members of JSON that could not be kept as they are. */
import type { FieldError } from './validate.ts';

const halfCharacter = 'holds half of a surrogate pair, which is no character';

interface Place {
  readonly value: unknown;
  readonly key: string;
  readonly parent: Place | undefined;
}

/**
 * Where a text is not well-formed (UTF-8 cannot carry it), and where a name would be taken for the prototype's. `onNumber` is told
 * of every number.
 */
export function oddMembers(
  value: unknown,
  onNumber: (value: number) => void = () => undefined,
): FieldError[] {
  const errors: FieldError[] = [];
  // Iterative: a hostile body may be nested deeper than the stack.
  const left: Place[] = [{ value, key: '', parent: undefined }];
  for (let place = left.pop(); place && errors.length < 20; place = left.pop()) {
    if (typeof place.value === 'string') {
      if (!place.value.isWellFormed()) errors.push({ field: pathOf(place), message: halfCharacter });
      continue;
    }
    if (typeof place.value !== 'object' || place.value === null) continue;
    for (const [key, inner] of Object.entries(place.value) as [string, unknown][]) {
      const member = { value: inner, key, parent: place };
      if (key === '__proto__') errors.push({ field: pathOf(member), message: 'no name of a member' });
      else if (!key.isWellFormed())
        errors.push({ field: pathOf(member), message: `its name ${halfCharacter}` });
      else if (typeof inner === 'number') onNumber(inner);
      else left.push(member);
    }
  }
  return errors;
}

function pathOf(place: Place): string {
  const keys: string[] = [];
  for (let at = place; at.parent; at = at.parent) keys.unshift(at.key);
  return keys.join('.') || 'body';
}
