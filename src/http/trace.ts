import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { FastifyRequest } from 'fastify';

/** X-Trace-Id was to be removed on this day (2026-10-01), as RFC 9745 writes it. */
export const X_TRACE_ID_DEPRECATION = '@1790812800';

/** Where a request stands in its trace, by W3C Trace Context levels 1 and 2. */
export type Trace = {
  /** 32 hex digits. */
  readonly traceId: string;
  /** The caller's span, 16 hex digits; null when the trace begins here. */
  readonly parentId: string | null;
  /** This service's part of the trace, 16 hex digits. */
  readonly spanId: string;
  /** Those flags that are passed on. */
  readonly flags: number;
  /** What the caller's tracing systems have to say to one another; null when that is nothing, or nothing valid. */
  readonly tracestate: string | null;
};

// Section 3.2.2. Version 00 ends with the flags; what a later version puts behind them is not looked at (section 4.3).
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const NO_TRACE = '0'.repeat(32);
const NO_SPAN = '0'.repeat(16);
/** sampled, and random-trace-id of level 2; flags that are not known are not passed on (section 3.2.2.5). */
const KNOWN_FLAGS = 0b11;

// Section 3.3.1.3 of level 2: a key, then 1 to 256 printable characters without comma and equals sign, the last no blank.
const MEMBER = /^[a-z0-9][a-z0-9_\-*/@]{0,255}=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;
const MEMBERS_MAX = 32;
/** Section 3.3.1.5: so much is passed on; of more, first long members are left out, then the last ones. */
const TRACESTATE_CHARS = 512;
const LONG_MEMBER_CHARS = 128;

const traces = new WeakMap<FastifyRequest, Trace>();

/** The trace that a request belongs to: its `traceparent` continued, or one begun here. Made when first asked for. */
export function traceOf(request: FastifyRequest): Trace {
  const known = traces.get(request);
  if (known !== undefined) return known;
  const trace = continuedTrace(request.raw) ?? newTrace();
  traces.set(request, trace);
  return trace;
}

/** A trace that begins here. */
export function newTrace(): Trace {
  // Ids of ours are random in full, and nobody has recorded anything yet.
  return { traceId: randomHex(16), parentId: null, spanId: randomHex(8), flags: 0b10, tracestate: null };
}

/** The trace that the headers of a request continue; undefined when they name none by the standard's rules. */
export function continuedTrace(request: Pick<IncomingMessage, 'headers' | 'rawHeaders'>): Trace | undefined {
  const header = request.headers['traceparent'];
  if (typeof header !== 'string') return undefined;
  const [, version, traceId = '', parentId = '', flags = '', rest] = TRACEPARENT.exec(header) ?? [];
  if (version === undefined || version === 'ff' || traceId === NO_TRACE || parentId === NO_SPAN) return undefined;
  if (rest !== undefined && (version === '00' || wasSentTwice(request.rawHeaders))) return undefined;
  return {
    traceId,
    parentId,
    spanId: randomHex(8),
    flags: Number.parseInt(flags, 16) & KNOWN_FLAGS,
    tracestate: readTracestate(request.headers['tracestate']),
  };
}

/** The headers by which a request of ours continues a trace, each time under a span of its own. */
export function traceHeaders({ traceId, flags, tracestate }: Trace): Readonly<Record<string, string>> {
  const traceparent = `00-${traceId}-${randomHex(8)}-${flags.toString(16).padStart(2, '0')}`;
  return tracestate === null ? { traceparent } : { traceparent, tracestate };
}

/** Several headers arrive joined by commas, which is what the standard makes of them. */
function readTracestate(header: string | string[] | undefined): string | null {
  if (header === undefined) return null;
  const members = String(header)
    .split(',')
    .map((member) => member.trim())
    .filter((member) => member !== '');
  // One member that is broken, or one too many, and nothing of it can be trusted.
  if (members.length > MEMBERS_MAX || !members.every((member) => MEMBER.test(member))) return null;
  const kept = members.join(',').length <= TRACESTATE_CHARS ? members : members.filter(isShort);
  while (kept.join(',').length > TRACESTATE_CHARS) kept.pop();
  return kept.length === 0 ? null : kept.join(',');
}

function isShort(member: string): boolean {
  return member.length <= LONG_MEMBER_CHARS;
}

/** Two headers arrive joined by a comma, which a later version might have in one. */
function wasSentTwice(rawHeaders: readonly string[]): boolean {
  return rawHeaders.filter((name, at) => at % 2 === 0 && name.toLowerCase() === 'traceparent').length > 1;
}

function randomHex(bytes: number): string {
  return randomBytes(bytes).toString('hex');
}
