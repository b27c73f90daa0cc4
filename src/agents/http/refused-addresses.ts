import ipaddr from 'ipaddr.js';

/**
 * Addresses of cloud metadata services outside the link-local range. IPv4: Alibaba, Azure's wire server, Oracle Classic,
 * Volcengine. IPv6: AWS IMDS and EKS Pod Identity, Google, Oracle, Linode, Scaleway.
 */
const metadataAddresses = [
  '100.100.100.200',
  '168.63.129.16',
  '192.0.0.192',
  '100.96.0.96',
  'fd00:ec2::254',
  'fd00:ec2::23',
  'fd20:ce::254',
  'fd00:c1::a9fe:a9fe',
  'fd00:a9fe:a9fe::1',
  'fd00:42::42',
].map((address) => ipaddr.parse(address).toNormalizedString());

/** Host names of metadata services. Their subdomains are refused too. */
const metadataNames = [
  'metadata',
  'metadata.google.internal',
  'metadata.goog',
  'metadata.azure.internal',
  'metadata.tencentyun.com',
  'metadata.packet.net',
  'metadata.platformequinix.com',
  'metadata.cloud.ibm.com',
  'instance-data',
  'instance-data.ec2.internal',
  'rancher-metadata',
];

const refusedRanges: Readonly<Record<string, string>> = {
  unspecified: 'an unspecified address',
  linkLocal: 'a link-local address',
  multicast: 'a multicast address',
  broadcast: 'the broadcast address',
};

const metadataService = 'a cloud metadata service';

/**
 * Returns why no agent may be at this address, e.g. "a link-local address"; undefined if one may. A text that is not an IP
 * address is refused too.
 */
export function refusedAddressKind(ip: string): string | undefined {
  if (!ipaddr.isValid(ip)) return 'not an IP address';
  const address = ipaddr.parse(ip);
  const own = refusedKind(address);
  if (own !== undefined || address.kind() === 'ipv4' || address.range() === 'loopback') return own;
  for (const embedded of embeddedIpv4(address.toByteArray())) {
    const kind = refusedKind(embedded);
    if (kind !== undefined) return `${kind} (${embedded.toString()})`;
  }
  return undefined;
}

/**
 * Whether the address belongs to the public internet: it is in no special range (loopback, private, reserved, translation...),
 * and neither is an IPv4 address that it embeds. False for a text that is not an IP address.
 */
export function isPublicAddress(ip: string): boolean {
  if (!ipaddr.isValid(ip)) return false;
  const address = ipaddr.process(ip); // An IPv4-mapped address is reached by IPv4.
  if (address.range() !== 'unicast') return false;
  const embedded = address.kind() === 'ipv6' ? embeddedIpv4(address.toByteArray()) : [];
  return embedded.every((ipv4) => ipv4.range() === 'unicast');
}

/** Whether this host name, in lower case, belongs to a cloud metadata service. */
export function isMetadataName(name: string): boolean {
  return metadataNames.some((refused) => name === refused || name.endsWith(`.${refused}`));
}

function refusedKind(address: ipaddr.IPv4 | ipaddr.IPv6): string | undefined {
  // Without the zone id, which is not part of the address.
  const [plain = ''] = address.toNormalizedString().split('%');
  return metadataAddresses.includes(plain) ? metadataService : refusedRanges[address.range()];
}

type Bytes = readonly number[];

/** IPv6 prefixes whose addresses embed an IPv4 address, and where its bytes are. */
const embeddings: readonly { readonly prefix: readonly [string, number]; ipv4: (bytes: Bytes) => Bytes }[] = [
  { prefix: ['::', 96], ipv4: lastFour }, // IPv4-compatible, RFC 4291
  { prefix: ['::ffff:0:0', 96], ipv4: lastFour }, // IPv4-mapped, RFC 4291
  { prefix: ['::ffff:0:0:0', 96], ipv4: lastFour }, // IPv4-translated, RFC 2765
  { prefix: ['64:ff9b::', 96], ipv4: lastFour }, // NAT64, RFC 6052
  { prefix: ['64:ff9b:1::', 48], ipv4: lastFour }, // Local NAT64, RFC 8215, with a /96 prefix
  { prefix: ['2002::', 16], ipv4: (bytes) => bytes.slice(2, 6) }, // 6to4, RFC 3056
  { prefix: ['2001::', 32], ipv4: (bytes) => bytes.slice(4, 8) }, // Teredo's server, RFC 4380
  { prefix: ['2001::', 32], ipv4: (bytes) => lastFour(bytes).map((byte) => byte ^ 0xff) }, // Teredo's client
];

function embeddedIpv4(bytes: number[]): ipaddr.IPv4[] {
  const address = new ipaddr.IPv6(bytes);
  const found = embeddings
    .filter(({ prefix: [net, bits] }) => address.match(ipaddr.IPv6.parse(net), bits))
    .map(({ ipv4 }) => ipv4(bytes));
  // ISATAP, RFC 5214: any prefix, then 0000:5efe or 0200:5efe.
  if ((bytes[8] === 0 || bytes[8] === 2) && bytes[9] === 0 && bytes[10] === 0x5e && bytes[11] === 0xfe)
    found.push(lastFour(bytes));
  return found.map((octets) => new ipaddr.IPv4([...octets]));
}

function lastFour(bytes: Bytes): Bytes {
  return bytes.slice(12);
}
