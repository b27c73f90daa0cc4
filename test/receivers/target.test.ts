/** Which URLs a webhook may have, and which addresses it may reach. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseAllowList } from '../../src/receivers/allow-list.ts';
import { checkTarget, refusedTargetKind, type TargetRules } from '../../src/receivers/target.ts';
import { allowing, closedRules, onLoopback } from './support.ts';

function reasonOf(url: string, rules: TargetRules = closedRules): string | undefined {
  const check = checkTarget(url, rules);
  return check.ok ? undefined : check.reason;
}

test.each([
  ['https://crm.example.com', 'https://crm.example.com/'],
  ['HTTPS://CRM.Example.com.:443/hooks?a=1', 'https://crm.example.com/hooks?a=1'],
  ['http://8.8.8.8:8080/', 'http://8.8.8.8:8080/'],
  ['https://[2606:4700::1111]:8443/x', 'https://[2606:4700::1111]:8443/x'],
  ['https://bücher.example/', 'https://xn--bcher-kva.example/'],
])('%s is a target', (url, normalised) => {
  const check = checkTarget(url, closedRules);
  expect(check.ok && check.url.href).toBe(normalised);
});

test.each([
  ['ftp://crm.example.com/', /http or https URL/],
  ['crm.example.com/hooks', /http or https URL/],
  ['https:crm.example.com', /http or https URL/],
  ['https://', /http or https URL/],
  ['https://crm.example.com:70000/', /http or https URL/],
  ['https://user:word@crm.example.com/', /credentials: the receiver checks the signature/],
  ['https://user@crm.example.com/', /credentials/],
  ['https://crm.example.com/#top', /fragment: leave out/],
  ['https://crm.example.com/#', /fragment/],
  ['https://crm.example.com:0/', /port 0/],
  ['https://crm.example.com/a b', /white space or control characters: encode/],
  ['https://crm.exam\tple.com/', /white space/],
  [`https://crm.example.com/${'a'.repeat(2_025)}`, /at most 2048 characters/],
  ['https://metadata.google.internal/', /cloud metadata service/],
  ['https://-_-.exa!mple/', /letters, digits/],
])('%s is no target, and the reason says what to change', (url, reason) => {
  expect(reasonOf(url)).toMatch(reason);
});

test('a URL of 2,048 characters is a target', () => {
  expect(reasonOf(`https://crm.example.com/${'a'.repeat(2_024)}`)).toBeUndefined();
});

const privateHosts = [
  '127.0.0.1',
  '127.1',
  '2130706433',
  '0x7f000001',
  '0177.0.0.1',
  '%31%32%37.0.0.1',
  '１２７.0.0.1',
  '127.0.0.1.',
  'localhost',
  'LOCALHOST.',
  'hooks.localhost',
  '10.0.0.5',
  '0xa000005',
  '172.16.0.1',
  '192.168.1.1',
  '100.64.0.1',
  '192.0.2.1',
  '198.18.0.1',
  '240.0.0.1',
  '[::1]',
  '[0:0:0:0:0:0:0:1]',
  '[::ffff:127.0.0.1]',
  '[::ffff:10.0.0.5]',
  '[::127.0.0.1]',
  '[64:ff9b::10.0.0.5]',
  '[64:ff9b:1::10.0.0.5]',
  '[2002:a00:5::]',
  '[2001:0:a00:5::1]',
  '[2606:4700::5efe:10.0.0.5]',
  '[fd00::1]',
  '[fec0::1]',
  '[2001:db8::1]',
];

test.each(privateHosts)('%s is refused, and the reason names the setting', (host) => {
  expect(reasonOf(`http://${host}/`)).toMatch(/not a public address: HOLDFAST_WEBHOOK_ALLOW must name/);
});

const neverAllowed = [
  '0.0.0.0',
  '169.254.169.254',
  '0xa9fea9fe',
  '[::ffff:169.254.169.254]',
  '[64:ff9b::169.254.169.254]',
  '[fe80::1]',
  '[fd00:ec2::254]',
  '100.100.100.200',
  '224.0.0.1',
  '255.255.255.255',
  '[::]',
];

test.each(neverAllowed)('no rule opens %s', (host) => {
  const rules = allowing('0.0.0.0/0,::/0,10.0.0.0/8:80,crm', { allowsLoopback: true });
  expect(reasonOf(`http://${host}/`, rules)).toMatch(/is (an?|the) /);
});

test('an IPv4 address is judged alike in every spelling and in every embedding', () => {
  const octets = fc.tuple(...([0, 1, 2, 3] as const).map(() => fc.integer({ min: 0, max: 255 })));
  fc.assert(
    fc.property(octets, (bytes) => {
      const plain = bytes.join('.');
      const asNumber = bytes.reduce((sum, byte) => sum * 256 + byte, 0);
      const allowed = reasonOf(`http://${plain}/`) === undefined;
      for (const host of [String(asNumber), `0x${asNumber.toString(16)}`, `[::ffff:${plain}]`])
        expect(reasonOf(`http://${host}/`) === undefined, host).toBe(allowed);
      if (!allowed) expect(reasonOf(`http://[::${plain}]/`)).toBeDefined();
    }),
  );
});

describe('on a development machine', () => {
  const rules: TargetRules = { ...onLoopback, refusedPorts: [18_789, 7_233] };

  test.each(['127.0.0.1', 'localhost', '[::1]', '[::ffff:127.0.0.1]', '127.9.9.9'])(
    '%s is a target, but not on the ports of Holdfast and Temporal',
    (host) => {
      expect(reasonOf(`http://${host}:9201/`, rules)).toBeUndefined();
      for (const port of [18_789, 7_233])
        expect(reasonOf(`http://${host}:${port}/`, rules)).toMatch(
          /one of Holdfast or Temporal: use another/,
        );
    },
  );

  test('private ranges are still refused', () => {
    for (const host of ['10.0.0.5', '[::127.0.0.1]', '[64:ff9b::127.0.0.1]', '[fd00::1]'])
      expect(reasonOf(`http://${host}:9201/`, rules)).toMatch(/not a public address/);
  });
});

describe('the allow list', () => {
  test('opens what it names, and nothing beside it', () => {
    const rules = allowing(' 10.0.0.0/8, 192.168.1.7:8443 ,[fd00::1]:443,fd12::/16, crm.internal:80');
    for (const open of [
      'http://10.9.9.9:1/',
      'https://192.168.1.7:8443/',
      'https://[fd00::1]/',
      'http://[fd12::9]/',
    ])
      expect(reasonOf(open, rules), open).toBeUndefined();
    expect(reasonOf('http://[::ffff:10.9.9.9]/', rules)).toBeUndefined();
    for (const closed of [
      'http://192.168.1.7/',
      'https://192.168.1.8:8443/',
      'http://[fd00::1]/',
      'http://[fd13::9]/',
    ])
      expect(reasonOf(closed, rules), closed).toMatch(/not a public address/);
  });

  test('opens a name for whatever private address it has, on its port', () => {
    const rules = allowing('crm.internal:8080,other.internal');
    const at = (host: string, port: number, address: string) =>
      refusedTargetKind({ host, port }, address, rules);
    expect(at('crm.internal', 8_080, '10.0.0.5')).toBeUndefined();
    expect(at('other.internal', 1, 'fd00::1')).toBeUndefined();
    expect(at('crm.internal', 80, '10.0.0.5')).toMatch(/not a public/);
    expect(at('sub.other.internal', 1, '10.0.0.5')).toMatch(/not a public/);
    expect(at('other.internal', 1, '169.254.169.254')).toBe('a link-local address');
  });

  test('opens a port of Holdfast or Temporal only by a rule that names it', () => {
    const refusedPorts = [7_233];
    expect(reasonOf('http://10.0.0.5:7233/', allowing('10.0.0.0/8', { refusedPorts }))).toBeDefined();
    expect(reasonOf('http://10.0.0.5:7233/', allowing('10.0.0.0/8:7233', { refusedPorts }))).toBeUndefined();
    expect(reasonOf('http://8.8.8.8:7233/', allowing('', { refusedPorts }))).toBeUndefined();
  });

  test.each([
    ['crm.example,http://crm', /^entry 2 \('http:\/\/crm'\): takes a host, and not a URL/],
    ['10.0.0.0/33', /^entry 1 .*no range like 10\.0\.0\.0\/8/],
    ['crm/8', /no range/],
    ['crm.example:0', /port from 1 to 65535/],
    ['crm.example:65536', /port from 1 to 65535/],
    ['crm.example:x', /takes a host name, an IP address or a range/],
    ['[fd00::1', /takes a host name/],
    ['*.example', /letters, digits/],
    ['user@crm', /credentials/],
    ['169.254.169.254', /link-local address/],
    ['169.254.0.0/16', /link-local address, which no entry allows/],
    ['metadata.google.internal', /cloud metadata service/],
  ])('%s is refused with the entry', (list, message) => {
    expect(() => parseAllowList(list)).toThrow(message);
  });

  test('takes names, addresses and ranges in any spelling', () => {
    expect(parseAllowList('CRM.internal., 10.5:80,,[::ffff:10.0.0.6],fd00::/8,[fd00::/8]:443')).toEqual([
      { kind: 'name', name: 'crm.internal', port: undefined },
      { kind: 'range', range: '10.0.0.5/32', port: 80 },
      { kind: 'range', range: '10.0.0.6/32', port: undefined },
      { kind: 'range', range: 'fd00::/8', port: undefined },
      { kind: 'range', range: 'fd00::/8', port: 443 },
    ]);
  });
});
