import { lookup, type LookupAddress, type LookupAllOptions } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { refusedAddressKind } from './refused-addresses.ts';

/** A function like `dns.lookup` with `all: true`. */
export type ResolveAll = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** Returns why an address is refused, e.g. "a link-local address"; undefined if it is not. */
export type RefusedKind = (address: string) => string | undefined;

/** Thrown if all addresses of a host name are refused. */
export class AddressRefusedError extends Error {
  readonly code = 'ERR_ADDRESS_REFUSED';
  /** Why the first of them is refused. */
  readonly kind: string;

  constructor(message: string, kind: string) {
    super(message);
    this.kind = kind;
  }
}

/**
 * A `lookup` for `net.connect` that removes refused addresses from the result of `resolve`, so that a name cannot lead to an
 * address that would be refused as a literal. Fails with `AddressRefusedError` if no address is left. Node does not call it for
 * IP literals.
 */
export function createGuardedLookup(
  resolve: ResolveAll = lookup,
  kindOf: RefusedKind = refusedAddressKind,
): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) {
        callback(error, []);
        return;
      }
      const allowed = addresses.filter(({ address }) => kindOf(address) === undefined);
      const [first] = allowed;
      if (!first) callback(refusal(hostname, addresses, kindOf), []);
      else if (options.all) callback(null, allowed);
      else callback(null, first.address, first.family);
    });
  };
}

function refusal(hostname: string, [first]: LookupAddress[], kindOf: RefusedKind): Error {
  if (!first) return Object.assign(new Error(`${hostname} has no address`), { code: 'ENOTFOUND' });
  const kind = kindOf(first.address) ?? '';
  return new AddressRefusedError(`the address of ${hostname} is refused: ${first.address} is ${kind}`, kind);
}
