import fc from 'fast-check';
import { expect, test } from 'vitest';
import { agentUrl } from '../../src/domain/agent.ts';

const host = fc.oneof(fc.domain(), fc.ipV4(), fc.ipV6());

test('the URL of an agent leads to its host and port, IPv6 literals with or without brackets', () => {
  fc.assert(
    fc.property(host, fc.integer({ min: 1_024, max: 65_535 }), (name, port) => {
      const bracketed = name.includes(':') ? `[${name}]` : name;
      const { hostname } = new URL(`http://${bracketed}/`);
      for (const spelling of [name, bracketed])
        expect(new URL(agentUrl({ protocol: 'http', host: spelling, port }))).toMatchObject({
          protocol: 'http:',
          hostname,
          port: String(port),
        });
    }),
  );
});

test('the URL of an agent that speaks https begins with https', () => {
  expect(agentUrl({ protocol: 'https', host: 'agent.example', port: 443 })).toBe('https://agent.example:443');
});
