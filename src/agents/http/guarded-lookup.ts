import { lookup, type LookupAddress, type LookupAllOptions } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { refusedAddressKind } from './refused-addresses.ts';

/** The part of `dns.lookup` that is used. */
export type ResolveAll = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** A name stands for nothing but addresses where no agent may live. */
export class AddressRefusedError extends Error {
  readonly code = 'ERR_ADDRESS_REFUSED';
}

/**
 * A `lookup` for `net.connect` that drops every refused address from what `resolve` says, so that a name cannot lead
 * where `checkHost` would not; fails with `AddressRefusedError` when none is left. Not called for IP literals.
 */
export function createGuardedLookup(resolve: ResolveAll = lookup): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) {
        callback(error, []);
        return;
      }
      const allowed = addresses.filter(({ address }) => refusedAddressKind(address) === undefined);
      const [first] = allowed;
      if (!first) callback(refusal(hostname, addresses), []);
      else if (options.all) callback(null, allowed);
      else callback(null, first.address, first.family);
    });
  };
}

function refusal(hostname: string, [first]: LookupAddress[]): Error {
  if (!first) return Object.assign(new Error(`${hostname} has no address`), { code: 'ENOTFOUND' });
  const kind = refusedAddressKind(first.address) ?? '';
  return new AddressRefusedError(`the address of ${hostname} is refused: ${first.address} is ${kind}`);
}
