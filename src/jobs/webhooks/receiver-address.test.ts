import { expect, test } from 'vitest';
import { isReceiverAddress } from './receiver-address.ts';

/** Addresses that lie nowhere on the open internet, or may be made to lead elsewhere. */
const FORBIDDEN = [
  '0.0.0.0',
  '0.1.2.3',
  '10.0.0.1',
  '10.255.255.255',
  '100.64.0.1',
  '100.100.100.200',
  '100.127.255.255',
  '127.0.0.1',
  '127.255.255.254',
  '168.63.129.16',
  '169.254.169.254',
  '169.254.170.2',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.0.192',
  '192.0.2.1',
  '192.88.99.1',
  '192.168.0.1',
  '198.18.0.1',
  '198.51.100.1',
  '203.0.113.1',
  '224.0.0.1',
  '239.255.255.255',
  '240.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::7f00:1',
  '::127.0.0.1',
  '::ffff:127.0.0.1',
  '::ffff:7f00:1',
  '::ffff:8.8.8.8',
  '::ffff:0:8.8.8.8',
  '64:ff9b::7f00:1',
  '64:ff9b::808:808',
  '64:ff9b:1::a00:1',
  '100::1',
  '2001::1',
  '2001:0:4136:e378:8000:63bf:3fff:fdd2',
  '2001:2::1',
  '2001:db8::1',
  '2002:7f00:1::1',
  '2002:808:808::1',
  '2a00:1450:4001:81b:0:5efe:7f00:1',
  '2a00:1450:4001:81b:200:5efe:7f00:1',
  '3fff::1',
  '4000::1',
  '5f00::1',
  'fc00::1',
  'fd00:ec2::254',
  'fe80::1',
  'fec0::1',
  'ff02::1',
];

test.each(FORBIDDEN)('%s is no receiver', (address) => {
  expect(isReceiverAddress(address, 'public')).toBe(false);
});

test.each(['8.8.8.8', '1.1.1.1', '172.15.255.255', '172.32.0.1', '100.128.0.1', '2a00:1450:4001:81b::200e', '2606::1'])(
  '%s may be one',
  (address) => {
    expect(isReceiverAddress(address, 'public')).toBe(true);
    expect(isReceiverAddress(address, 'loopback')).toBe(true);
  },
);

test('loopback may be one only where that is set, and nothing else with it', () => {
  const opened = FORBIDDEN.filter((address) => isReceiverAddress(address, 'loopback'));
  expect(opened).toEqual(['127.0.0.1', '127.255.255.254', '::1']);
});

test.each([
  '',
  'localhost',
  '127.1',
  '2130706433',
  '0x7f.1',
  '010.8.8.8',
  '8.8.8',
  '8.8.8.8.',
  'fe80::1%lo',
  ':',
  '::g',
])('%j is no address', (text) => {
  expect(isReceiverAddress(text, 'loopback')).toBe(false);
});
