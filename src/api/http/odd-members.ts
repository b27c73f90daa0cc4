/** Finds members of parsed JSON that could not be stored exactly. */
import { noMemberName } from '../../contract/ids.ts';
import { maxFieldErrors, type FieldError } from '../../contract/problem.ts';
import { fieldPath } from './field-errors.ts';

const halfCharacter = 'holds half of a surrogate pair, which is no character';

interface Container {
  readonly value: object;
  readonly key: PropertyKey;
  readonly parent: Container | undefined;
}

/**
 * Returns errors for the first members that have a text that is not well-formed Unicode (UTF-8 cannot encode it) or the name
 * `__proto__`.
 */
export function oddMembers(value: unknown): FieldError[] {
  const errors: FieldError[] = [];
  const left: Container[] = [];
  const visit = (inner: unknown, key: PropertyKey, parent?: Container): void => {
    const oddity = parent && !Array.isArray(parent.value) ? oddName(String(key)) : undefined;
    if (oddity !== undefined) errors.push({ field: pathOf(key, parent), message: oddity });
    else if (typeof inner === 'object' && inner !== null) left.push({ value: inner, key, parent });
    else if (typeof inner === 'string' && !inner.isWellFormed())
      errors.push({ field: pathOf(key, parent), message: halfCharacter });
  };
  visit(value, '');
  for (let one = left.pop(); one; one = left.pop()) {
    const members = one.value as Record<PropertyKey, unknown>;
    const keys = Array.isArray(members) ? members.keys() : Object.keys(members);
    for (const key of keys) {
      if (errors.length >= maxFieldErrors) return errors;
      visit(members[key], key, one);
    }
  }
  return errors;
}

function oddName(name: string): string | undefined {
  if (name === '__proto__') return noMemberName;
  return name.isWellFormed() ? undefined : `its name ${halfCharacter}`;
}

function pathOf(key: PropertyKey, parent: Container | undefined): string {
  const keys = parent ? [key] : [];
  for (let at = parent; at?.parent; at = at.parent) keys.push(at.key);
  return fieldPath(keys.reverse()) || 'body';
}
