import { describe, expect, test } from 'vitest';
import { parseWebhookUrl } from './webhook-url.ts';

const STRICT = { plainHttp: false };

describe('the URL of a receiver', () => {
  test.each([
    ['https://hooks.example.com', 'hooks.example.com', 443, '/'],
    ['https://hooks.example.com/', 'hooks.example.com', 443, '/'],
    ['https://hooks.example.com:8443/a/b?c=d&e=%20', 'hooks.example.com', 8443, '/a/b?c=d&e=%20'],
    ['https://127.0.0.1/x', '127.0.0.1', 443, '/x'],
    ['https://[2001:db8::1]:1024/', '2001:db8::1', 1024, '/'],
    ['https://xn--bcher-kva.example/', 'xn--bcher-kva.example', 443, '/'],
  ])('%s', (text, host, port, path) => {
    expect(parseWebhookUrl(text, STRICT)).toMatchObject({ text, secure: true, host, port, path });
  });

  test('a name in capitals is the same name', () => {
    const text = `https://${'Hooks.Example.Com'}/`;
    expect(parseWebhookUrl(text, STRICT)).toMatchObject({ text, host: 'hooks.example.com' });
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
    ' https://hooks.example.com/',
    ...[
      '/hooks.example.com',
      'hooks.example.com/ ',
      'hooks.example.com/a b',
      'hooks.example.com/\t',
      'hooks.example.com/\n',
      'hooks.example.com\\@127.0.0.1/',
      'hooks.example.com/\\x',
      'user@hooks.example.com/',
      'user:word@hooks.example.com/',
      '@hooks.example.com/',
      'hooks.example.com/#part',
      'hooks.example.com?query',
      'hooks.example.com./',
      '.hooks.example.com/',
      'bücher.example/',
      'hooks。example/',
      'hooks%2eexample.com/',
      'hooks.example.com:/',
      'hooks.example.com:0/',
      'hooks.example.com:22/',
      'hooks.example.com:80/',
      'hooks.example.com:0443/',
      'hooks.example.com:65536/',
      'hooks.example.com:+443/',
      '2130706433/',
      '0x7f000001/',
      '0x7f.0.0.1/',
      '0177.0.0.1/',
      '127.1/',
      '127.0.1/',
      '017700000001/',
      '134744072/',
      '127.0.0.1./',
      '1.2.3.4.5/',
      '256.0.0.1/',
      '[::ffff:127.0.0.1]/',
      '[0:0:0:0:0:0:0:1]/',
      '[::0001]/',
      '[fe80::1%25eth0]/',
      '[::1/',
      `hooks.example.com/${'x'.repeat(2048)}`,
    ].map((rest) => `https://${rest}`),
  ])('%j', (text) => {
    expect(parseWebhookUrl(text, STRICT)).toBeUndefined();
  });
});
