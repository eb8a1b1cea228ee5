import { once } from 'node:events';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer as createNetServer, type Server } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { parseWebhookUrl, type WebhookUrl } from '../../src/domain/webhook-url.ts';
import { type AttemptWaits, ReceiverConnection } from '../../src/jobs/webhooks/receiver-connection.ts';
import { ReceiverTargets } from '../../src/jobs/webhooks/receiver-target.ts';
import { HOOKS_EXAMPLE } from './certificate.ts';

const WAITS: AttemptWaits = { connectMs: 300, headersMs: 400, attemptMs: 600 };
const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

function connection(trusted?: string): ReceiverConnection {
  const opened = new ReceiverConnection({ waits: WAITS, ...(trusted === undefined ? {} : { trusted }) });
  closers.push(() => opened.close());
  return opened;
}

function urlOf(text: string): WebhookUrl {
  const url = parseWebhookUrl(text, { plainHttp: true });
  if (url === undefined) throw new Error(`no URL: ${text}`);
  return url;
}

function send(on: ReceiverConnection, url: WebhookUrl, signal = new AbortController().signal) {
  return on.send({ url, address: '127.0.0.1', headers: { 'x-test': '1' }, body: '{}', signal });
}

describe('a connection goes to the address that was judged, under the name in the URL', () => {
  test('over TLS: the name in SNI and Host, its certificate checked, the connection kept', async () => {
    const seen: unknown[] = [];
    const sockets = new Set<unknown>();
    const server = createHttpsServer(HOOKS_EXAMPLE, (request, answer) => {
      seen.push([Reflect.get(request.socket, 'servername'), request.headers.host, request.url]);
      sockets.add(request.socket);
      answer.writeHead(200).end('ok');
    });
    const port = await listening(server);
    const on = connection(HOOKS_EXAMPLE.cert);
    for (let turn = 0; turn < 3; turn += 1) {
      expect(await send(on, urlOf(`https://hooks.example:${port}/x?y`))).toMatchObject({
        error: null,
        httpStatus: 200,
      });
    }
    expect(seen).toEqual(Array.from({ length: 3 }, () => ['hooks.example', `hooks.example:${port}`, '/x?y']));
    expect(sockets.size).toBe(1);
  });

  test.each([
    ['of another name', 'https://other.example', HOOKS_EXAMPLE.cert],
    ['that nobody vouches for', 'https://hooks.example', undefined],
    ['of a name, for an address', 'https://127.0.0.1', HOOKS_EXAMPLE.cert],
  ])('a certificate %s is refused before anything is sent', async (_title, origin, trusted) => {
    let requests = 0;
    const port = await listening(createHttpsServer(HOOKS_EXAMPLE, () => (requests += 1)));
    expect(await send(connection(trusted), urlOf(`${origin}:${port}/`))).toMatchObject({ error: 'tls_failed' });
    expect(requests).toBe(0);
  });

  test('a name is resolved once an attempt, and nothing resolves it again', async () => {
    const asked: string[] = [];
    const server = createHttpServer((_request, answer) => answer.writeHead(204).end());
    const port = await listening(server);
    const resolve = async (host: string) => {
      asked.push(host);
      // Another address each time: who resolved twice would meet the second.
      return [asked.length === 1 ? '127.0.0.1' : '127.0.0.9'];
    };
    const target = await new ReceiverTargets({ places: 'loopback', resolve }).find(`http://hooks.test:${port}/`);
    if (typeof target === 'string') throw new Error(target);
    const [address = ''] = target.addresses;
    const { signal } = new AbortController();
    const sent = await connection().send({ url: target.url, address, headers: {}, body: '{}', signal });
    expect([sent?.httpStatus, asked]).toEqual([204, ['hooks.test']]);
  });
});

describe('an attempt ends', () => {
  const cases: readonly [title: string, error: string, answer: RequestListener][] = [
    ['when no headers come', 'answer_timeout', () => undefined],
    ['when the connection is cut', 'connection_lost', (request) => request.destroy()],
    ['with 500', 'not_accepted', (_request, answer) => answer.writeHead(500).end()],
    ['with a redirect', 'not_accepted', (_request, answer) => answer.writeHead(302, { location: '/' }).end()],
  ];
  test.each(cases)('%s', async (_title, error, answer) => {
    const port = await listening(createHttpServer(answer));
    const beganMs = performance.now();
    expect(await send(connection(), urlOf(`http://127.0.0.1:${port}/`))).toMatchObject({ error });
    expect(performance.now() - beganMs).toBeLessThan(WAITS.attemptMs + 500);
  });

  test('when headers come byte by byte', async () => {
    const server = createNetServer((socket) => {
      socket.on('error', () => undefined);
      socket.write('HTTP/1.1 200 OK\r\n');
      const drip = setInterval(() => socket.write('x: y\r\n'), 50);
      socket.on('close', () => clearInterval(drip));
    });
    const port = await listening(server);
    expect(await send(connection(), urlOf(`http://127.0.0.1:${port}/`))).toMatchObject({ error: 'answer_timeout' });
  });

  test.each([
    ['bytes that are no HTTP', 'HELLO\r\n\r\n'],
    ['headers without an end', `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(40_000)}`],
  ])('with %s', async (_title, bytes) => {
    const server = createNetServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => socket.end(bytes));
    });
    const port = await listening(server);
    expect(await send(connection(), urlOf(`http://127.0.0.1:${port}/`))).toMatchObject({ error: 'connection_lost' });
  });

  test('when nobody listens', async () => {
    expect(await send(connection(), urlOf('http://127.0.0.1:1025/'))).toMatchObject({ error: 'connect_failed' });
  });

  test('when TLS is never begun', async () => {
    const server = createNetServer((socket) => socket.on('error', () => undefined));
    const port = await listening(server);
    const sent = await send(connection(), urlOf(`https://hooks.example:${port}/`));
    expect(sent).toMatchObject({ error: 'connect_timeout' });
  });

  test('when it is aborted: its outcome is not known', async () => {
    const abort = new AbortController();
    const port = await listening(createHttpServer(() => abort.abort()));
    expect(await send(connection(), urlOf(`http://127.0.0.1:${port}/`), abort.signal)).toBeUndefined();
  });

  test('with a receipt when the connection that was kept had been closed, on a fresh one', async () => {
    let requests = 0;
    const server = createNetServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', () => {
        requests += 1;
        // Says that it keeps the connection, and then does not.
        if (requests === 2) socket.destroy();
        else socket.write('HTTP/1.1 204 No Content\r\nConnection: keep-alive\r\n\r\n');
      });
    });
    const port = await listening(server);
    const on = connection();
    expect(await send(on, urlOf(`http://127.0.0.1:${port}/`))).toMatchObject({ httpStatus: 204 });
    expect(await send(on, urlOf(`http://127.0.0.1:${port}/`))).toMatchObject({ httpStatus: 204 });
    expect(requests).toBe(3);
  });
});
