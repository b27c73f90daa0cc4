/** Limits how deep a JSON body may nest. Some fields have lower limits: metadata 32 levels, expect 64. */
import type { Refusal } from '../../domain/failures.ts';
import { invalidFields } from './validate.ts';

export const maxJsonLevels = 100;

/** Makes the refusal of JSON that nests deeper than the limit. */
export function tooDeep(): Refusal {
  return invalidFields([{ field: 'body', message: `nests at most ${maxJsonLevels} levels` }]);
}
