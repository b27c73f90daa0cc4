/** How deep JSON may nest, whatever it is for. What may be in it has narrower bounds: metadata 32, expect 64. */
import type { Refusal } from '../../domain/failures.ts';
import { invalidFields } from './validate.ts';

export const maxJsonLevels = 100;

export function tooDeep(): Refusal {
  return invalidFields([{ field: 'body', message: `nests at most ${maxJsonLevels} levels` }]);
}
