import { LIMITS } from '../limits.ts';
import { type Trace, traceHeaders } from './trace.ts';

/** By which a request and the entry that it posted are told to be one: an Idempotency-Key of a tenant. */
export type RequestKey = { readonly tenantId: string; readonly key: string };

/**
 * The traces of requests of whose entries somebody is going to be told, the latest LIMITS.rememberedTraces. They are kept from
 * before the request is posted: who follows the journal may see its entry before it is answered.
 */
export class RememberedTraces {
  readonly #traces = new Map<string, Trace>();

  /** The first to send a key gives the trace: whoever sends it again posts nothing. */
  remember(request: RequestKey, trace: Trace): void {
    const name = nameOf(request);
    if (this.#traces.has(name)) return;
    this.#traces.set(name, trace);
    if (this.#traces.size <= LIMITS.rememberedTraces) return;
    for (const oldest of this.#traces.keys()) {
      this.#traces.delete(oldest);
      return;
    }
  }

  /** A request that posted nothing leaves its key to the next. `trace` is the one it wanted remembered. */
  forget(request: RequestKey, trace: Trace): void {
    const name = nameOf(request);
    if (this.#traces.get(name) === trace) this.#traces.delete(name);
  }

  /** Headers that continue the trace in which a key was posted, under a new span; undefined when it is not known. */
  readonly headersFor = (request: RequestKey): Readonly<Record<string, string>> | undefined => {
    const trace = this.#traces.get(nameOf(request));
    return trace === undefined ? undefined : traceHeaders(trace);
  };
}

function nameOf({ tenantId, key }: RequestKey): string {
  return `${tenantId} ${key}`;
}
