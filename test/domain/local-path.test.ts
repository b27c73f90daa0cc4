import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isLocalPath } from '../../src/domain/local-path.ts';

it('a path that is local leads to this node, however browsers read it', () => {
  for (const path of ['/', '/calls?a=b&c=%2f#x', '/a//b', '/%5cx']) expect(isLocalPath(path)).toBe(true);
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('/', '\\', '.', ':', '@', '\t', '\n', ' ', 'a', '?', '#', '%') }),
      (to) => {
        if (isLocalPath(to)) expect(new URL(to, 'http://node.example').origin).toBe('http://node.example');
      },
    ),
  );
});
