import { lookup, type LookupAddress, type LookupAllOptions } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { refusedAddressKind } from './refused-addresses.ts';

/** A function like `dns.lookup` with `all: true`. */
export type ResolveAll = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** Thrown if all addresses of a host name are refused (refused-addresses.ts). */
export class AddressRefusedError extends Error {
  readonly code = 'ERR_ADDRESS_REFUSED';
}

/**
 * A `lookup` for `net.connect` that removes refused addresses from the result of `resolve`, so that a name cannot lead to an
 * address that `checkHost` would refuse. Fails with `AddressRefusedError` if no address is left. Node does not call it for IP
 * literals.
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
