import { LIMITS } from '../limits.ts';
import { type Trace, traceHeaders } from './trace.ts';

const ENTRY_ID = /"journal_entry_id":"([0-9a-f-]{36})"/;

/** The traces of requests whose entries somebody is going to be told of, the latest LIMITS.rememberedTraces. */
export class RememberedTraces {
  readonly #traces = new Map<string, Trace>();

  /** `receipt`: the body that answered the request. */
  remember(receipt: string, trace: Trace): void {
    const entryId = ENTRY_ID.exec(receipt)?.[1];
    if (entryId === undefined) return;
    this.#traces.set(entryId, trace);
    if (this.#traces.size <= LIMITS.rememberedTraces) return;
    for (const oldest of this.#traces.keys()) {
      this.#traces.delete(oldest);
      return;
    }
  }

  /** Headers that continue the trace in which an entry was posted, under a new span; undefined when it is not known. */
  readonly headersFor = (entryId: string): Readonly<Record<string, string>> | undefined => {
    const trace = this.#traces.get(entryId);
    return trace === undefined ? undefined : traceHeaders(trace);
  };
}
