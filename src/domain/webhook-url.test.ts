import { describe, expect, test } from 'vitest';
import { parseWebhookUrl } from './webhook-url.ts';

const STRICT = { plainHttp: false };

describe('the URL of a receiver', () => {
  test.each([
    ['https://hooks.example.com', 'hooks.example.com', 443, '/'],
    ['https://hooks.example.com/', 'hooks.example.com', 443, '/'],
    ['https://Hooks.Example.com:8443/a/b?c=d&e=%20', 'hooks.example.com', 8443, '/a/b?c=d&e=%20'],
    ['https://192.0.2.7/x', '192.0.2.7', 443, '/x'],
    ['https://[2001:db8::1]:1024/', '2001:db8::1', 1024, '/'],
    ['https://xn--bcher-kva.example/', 'xn--bcher-kva.example', 443, '/'],
  ])('%s', (text, host, port, path) => {
    expect(parseWebhookUrl(text, STRICT)).toMatchObject({ text, secure: true, host, port, path });
  });

  test('plain http only where it is allowed', () => {
    const text = 'http://127.0.0.1:9000/hook';
    expect(parseWebhookUrl(text, STRICT)).toBeUndefined();
    expect(parseWebhookUrl(text, { plainHttp: true })).toMatchObject({ secure: false, port: 9000 });
  });
});

describe('is refused', () => {
  test.each([
    '',
    'hooks.example.com',
    '//hooks.example.com/',
    'ftp://hooks.example.com/',
    'https:/hooks.example.com/',
    'https:hooks.example.com',
    'https:///hooks.example.com',
    ' https://hooks.example.com/',
    'https://hooks.example.com/ ',
    'https://hooks.example.com/a b',
    'https://hooks.example.com/\t',
    'https://hooks.example.com/\n',
    'https://hooks.example.com\\@127.0.0.1/',
    'https://hooks.example.com/\\x',
    'https://user@hooks.example.com/',
    'https://user:word@hooks.example.com/',
    'https://@hooks.example.com/',
    'https://hooks.example.com/#part',
    'https://hooks.example.com?query',
    'https://hooks.example.com./',
    'https://.hooks.example.com/',
    'https://bücher.example/',
    'https://hooks。example/',
    'https://hooks%2eexample.com/',
    'https://hooks.example.com:/',
    'https://hooks.example.com:0/',
    'https://hooks.example.com:22/',
    'https://hooks.example.com:80/',
    'https://hooks.example.com:0443/',
    'https://hooks.example.com:65536/',
    'https://hooks.example.com:+443/',
    'https://2130706433/',
    'https://0x7f000001/',
    'https://0x7f.0.0.1/',
    'https://0177.0.0.1/',
    'https://127.1/',
    'https://127.0.1/',
    'https://017700000001/',
    'https://134744072/',
    'https://127.0.0.1./',
    'https://1.2.3.4.5/',
    'https://256.0.0.1/',
    'https://[::ffff:127.0.0.1]/',
    'https://[0:0:0:0:0:0:0:1]/',
    'https://[::0001]/',
    'https://[fe80::1%25eth0]/',
    'https://[::1/',
    `https://hooks.example.com/${'x'.repeat(2048)}`,
  ])('%j', (text) => {
    expect(parseWebhookUrl(text, STRICT)).toBeUndefined();
  });
});
