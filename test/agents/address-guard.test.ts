import { expect, test } from 'vitest';
import { checkHost, isRefusedAddress } from '../../src/agents/http/address-guard.ts';

test.each([
  ['agent.example', 'agent.example'],
  ['Agent.Example.', 'agent.example'],
  ['localhost', 'localhost'],
  ['my_agent-1', 'my_agent-1'],
  ['bücher.example', 'xn--bcher-kva.example'],
  ['ａｇｅｎｔ.example', 'agent.example'],
  ['127.0.0.1', '127.0.0.1'],
  ['127.1', '127.0.0.1'],
  ['0x7f000001', '127.0.0.1'],
  ['10.1.2.3', '10.1.2.3'],
  ['172.16.0.1', '172.16.0.1'],
  ['192.168.1.1', '192.168.1.1'],
  ['100.64.0.1', '100.64.0.1'],
  ['100.100.100.201', '100.100.100.201'],
  ['1.2', '1.0.0.2'],
  ['203.0.113.7', '203.0.113.7'],
  ['::1', '::1'],
  ['[::1]', '::1'],
  ['[FD12:0:0::1]', 'fd12::1'],
  ['::ffff:127.0.0.1', '::ffff:7f00:1'],
  ['2606:4700::1111', '2606:4700::1111'],
  ['64:ff9b::10.0.0.1', '64:ff9b::a00:1'],
  ['metadata-service.example', 'metadata-service.example'],
])('%s is allowed, as %s', (host, canonical) => {
  expect(checkHost(host)).toEqual({ ok: true, host: canonical });
});

test.each([
  ['', /empty/],
  ['.', /letters, digits/],
  ['a..b', /letters, digits/],
  [`${'a'.repeat(64)}.example`, /1 to 63/],
  ['a,b', /letters, digits/],
  ['a'.repeat(254), /at most 253/],
  [Array(40).fill('bücher').join('.'), /at most 253|1 to 63/],
  ['agent example', /white space/],
  [' agent', /white space/],
  ['169.254.169\t.254', /white space/],
  ['agent\n', /white space/],
  ['agent\u0000', /control characters/],
  ['user@agent', /auth_token/],
  ['user:password@agent', /auth_token/],
  ['http://agent', /a protocol or a path/],
  ['agent/path', /a protocol or a path/],
  ['agent\\path', /a protocol or a path/],
  ['agent?query', /a protocol or a path/],
  ['agent#fragment', /a protocol or a path/],
  ['agent:8080', /must not contain a port/],
  ['127.0.0.1:80', /must not contain a port/],
  ['[::1]:80', /must not contain a port/],
  ['[::1', /neither a host name/],
  ['::1%lo', /zone id/],
  ['[fe80::1%25eth0]', /zone id/],
  ['1.2.3.4.5', /neither a host name/],
  ['256.256.256.256', /neither a host name/],
  ['agent.0x', /neither a host name/],
  ['agent／path', /neither a host name/],
  ['agent%2fpath', /neither a host name/],
  ['agent%00', /neither a host name/],
  [':::', /neither a host name/],
  ['xn--a.ü', /neither a host name/],
])('%j is refused, and the reason says what is wrong', (host, reason) => {
  expect(checkHost(host)).toEqual({ ok: false, reason: expect.stringMatching(reason) as string });
});

test.each([
  'metadata.google.internal',
  'METADATA.google.internal.',
  'ｍetadata.google。internal',
  'metadata%2egoogle.internal',
  'computeMetadata.metadata.google.internal',
  'metadata.goog',
  'metadata',
  'instance-data',
  'instance-data.ec2.internal',
  'metadata.tencentyun.com',
  'api.metadata.cloud.ibm.com',
])('the metadata name %s is refused', (host) => {
  expect(checkHost(host)).toEqual({
    ok: false,
    reason: expect.stringContaining('metadata service') as string,
  });
});

test.each([
  ['0.0.0.0', 'unspecified'],
  ['0', 'unspecified'],
  ['0.1.2.3', 'unspecified'],
  ['::', 'unspecified'],
  ['[0:0::0]', 'unspecified'],
  ['255.255.255.255', 'broadcast'],
  ['224.0.0.1', 'multicast'],
  ['239.255.255.255', 'multicast'],
  ['ff02::1', 'multicast'],
  ['169.254.0.1', 'link-local'],
  ['fe80::1', 'link-local'],
  ['febf::1', 'link-local'],
  ['100.100.100.200', 'metadata'],
  ['168.63.129.16', 'metadata'],
  ['fd00:ec2::254', 'metadata'],
  ['fd00:0ec2:0:0::0254', 'metadata'],
  ['fd20:ce::254', 'metadata'],
  ['::ffff:0.0.0.0', 'unspecified'],
  ['::2', 'unspecified'],
])('the address %s is refused as %s', (host, kind) => {
  expect(checkHost(host)).toEqual({ ok: false, reason: expect.stringContaining(kind) as string });
});

test.each(['fe80::1%eth0', '169.254.169.254', '::ffff:169.254.1.1', 'not an address', '', '1.2.3.4.5'])(
  'isRefusedAddress refuses %j',
  (address) => {
    expect(isRefusedAddress(address)).toBe(true);
  },
);

test.each(['127.0.0.1', '::1', '10.0.0.1', '100.64.0.1', 'fd12::1%eth0', '8.8.8.8'])(
  'isRefusedAddress allows %s',
  (address) => {
    expect(isRefusedAddress(address)).toBe(false);
  },
);
