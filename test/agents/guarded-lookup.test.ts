import type { LookupAddress } from 'node:dns';
import { expect, test } from 'vitest';
import {
  AddressRefusedError,
  createGuardedLookup,
  type ResolveAll,
} from '../../src/agents/http/guarded-lookup.ts';

const loopback: LookupAddress = { address: '127.0.0.1', family: 4 };
const privateV6: LookupAddress = { address: 'fd12::1', family: 6 };
const metadata: LookupAddress = { address: '169.254.169.254', family: 4 };
const mapped: LookupAddress = { address: '::ffff:169.254.169.254', family: 6 };
const zoned: LookupAddress = { address: 'fe80::1%eth0', family: 6 };

function lookup(addresses: LookupAddress[], all: boolean): Promise<unknown> {
  const resolve: ResolveAll = (_hostname, _options, callback) => callback(null, addresses);
  return new Promise((done, fail) =>
    createGuardedLookup(resolve)('agent.example', { all }, (error, address, family) =>
      error ? fail(error) : done(all ? address : { address, family }),
    ),
  );
}

test('allowed addresses pass in their order', async () => {
  expect(await lookup([privateV6, loopback], true)).toEqual([privateV6, loopback]);
  expect(await lookup([privateV6, loopback], false)).toEqual(privateV6);
});

test('refused addresses are dropped at any position of the result', async () => {
  expect(await lookup([metadata, loopback, mapped, zoned], true)).toEqual([loopback]);
  expect(await lookup([zoned, metadata, loopback], false)).toEqual(loopback);
});

test('a name with only refused addresses is refused, and the error says why', async () => {
  const refused = lookup([mapped, metadata], true);
  await expect(refused).rejects.toBeInstanceOf(AddressRefusedError);
  await expect(refused).rejects.toThrow(
    /agent\.example is refused: ::ffff:169\.254\.169\.254 is a link-local/,
  );
});

test('a name without addresses does not resolve', async () => {
  await expect(lookup([], true)).rejects.toMatchObject({ code: 'ENOTFOUND' });
});

test("the resolver's own error passes", async () => {
  const failing = createGuardedLookup((_hostname, _options, callback) => callback(new Error('no DNS'), []));
  const outcome = new Promise((resolve) => failing('agent.example', { all: true }, resolve));
  expect(await outcome).toMatchObject({ message: 'no DNS' });
});

test('by default names are resolved by dns.lookup', async () => {
  const outcome = new Promise((resolve, reject) =>
    createGuardedLookup()('localhost', { family: 4 }, (error, address) =>
      error ? reject(error) : resolve(address),
    ),
  );
  expect(await outcome).toBe('127.0.0.1');
});
