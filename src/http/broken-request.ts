import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { LIMITS } from '../limits.ts';
import type { Connections } from './connections.ts';
import type { Problem } from './problem.ts';
import { PROBLEMS, type ProblemCode } from './problem-table.ts';
import type { RequestWatch } from './request-watch.ts';

/** RFC 9110 section 7.2 and RFC 3986 section 3.2.2: a name or an address, then a port; both may be empty. */
const HOST = /^(?:\[[0-9A-Fa-f:.]+\]|[\w.~!$&'()*+,;=%-]*)(?::\d*)?$/;

/**
 * What is wrong with a request as a message, whatever it asks for: RFC 9112 section 3.2 has 400 for an HTTP/1.1 request
 * without a Host header, with several, or with one that names no host.
 */
export function brokenRequest(request: IncomingMessage): Problem | undefined {
  if ((request.url ?? '').length > LIMITS.urlChars) {
    return { code: 'uri_too_long', detail: `path and query may have ${LIMITS.urlChars} characters together` };
  }
  const hosts = countHeader(request, 'host');
  if (hosts > 1) return { code: 'duplicate_header', detail: 'the header Host was sent more than once' };
  if (hosts === 0 && request.httpVersion !== '1.0') {
    return { code: 'malformed_request', detail: 'an HTTP/1.1 request needs a Host header' };
  }
  if (hosts === 1 && !HOST.test(request.headers.host ?? '')) {
    return { code: 'malformed_request', detail: 'the header Host is no name or address of a host' };
  }
  return undefined;
}

/** How often a header was sent; `name` in lower case. Node joins or drops repeated ones: only the raw list shows them. */
export function countHeader({ rawHeaders }: Pick<IncomingMessage, 'rawHeaders'>, name: string): number {
  let count = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const raw = rawHeaders[index];
    if (raw !== undefined && raw.length === name.length && (raw === name || raw.toLowerCase() === name)) count += 1;
  }
  return count;
}

type ParserError = NodeJS.ErrnoException & { readonly rawPacket?: unknown };

/**
 * Bytes that are no HTTP request, headers beyond the limit, a request that does not arrive: there is no request to answer,
 * only a socket. RFC 9112 section 9.6: the answer says that the connection closes. Requests before it are answered first,
 * since they may be posted by now, and their answers would be cut or taken for this one.
 */
export function answerBrokenBytes(error: ParserError, socket: Socket, { watch, connections }: BrokenBytesTools): void {
  // What went wrong below HTTP, such as a TLS handshake that was not finished, leaves nobody who could read an answer.
  if (!/^(?:HPE_|ERR_HTTP_)/.test(error.code ?? '') || !socket.writable) {
    socket.destroy();
    return;
  }
  connections.unreadable(socket, () => {
    // Whoever said that nothing follows, and sends something, is told nothing about it.
    if (error.code === 'HPE_CLOSED_CONNECTION') socket.destroySoon();
    else if (socket.writable) sayBroken(watch, error, socket);
  });
}

type BrokenBytesTools = { readonly watch: RequestWatch; readonly connections: Connections };

function sayBroken(watch: RequestWatch, error: ParserError, socket: Socket): void {
  const code = codeFor(error);
  const { status, title, advice } = PROBLEMS[code];
  const { traceId } = watch.refusedBytes({ code, status });
  const type = `/docs/errors/${code}`;
  const body = JSON.stringify({ type, title, status, detail: advice, code, trace_id: traceId });
  const head = [
    `HTTP/1.1 ${status} ${REASONS[status] ?? 'Bad Request'}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Cache-Control: no-store',
    'Connection: close',
  ].join('\r\n');
  socket.end(`${head}\r\n\r\n${body}`);
  // A client that keeps its side open would else keep what has arrived of its request, and send on.
  socket.destroySoon();
}

const REASONS: Readonly<Record<number, string>> = {
  408: 'Request Timeout',
  413: 'Payload Too Large',
  414: 'URI Too Long',
  431: 'Request Header Fields Too Large',
};

function codeFor({ code, rawPacket }: ParserError): ProblemCode {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return 'request_timeout';
  if (code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW') return 'payload_too_large';
  if (code !== 'HPE_HEADER_OVERFLOW') return 'malformed_request';
  return isLongRequestLine(rawPacket) ? 'uri_too_long' : 'headers_too_large';
}

/** Of the bytes in which the limit was passed, the first are a request line that does not end within what one may have. */
function isLongRequestLine(packet: unknown): boolean {
  if (!(packet instanceof Uint8Array)) return false;
  const start = Buffer.from(packet.buffer, packet.byteOffset, packet.byteLength).toString('latin1');
  const end = start.indexOf('\r\n');
  return /^[A-Z-]+ \//.test(start) && (end === -1 || end > LIMITS.urlChars);
}
