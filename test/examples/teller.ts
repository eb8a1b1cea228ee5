import { expect } from 'vitest';
import type { HttpAnswer } from '../http/http-client.ts';
import { type TenantApi, textAt } from '../http/tenant-api.ts';
import { allocationOf, type Components } from './components.ts';

/** What a step of a story was answered: the ids that later steps name it by, and when it was posted. */
export type Posted = {
  readonly entryId: string;
  /** Empty where the answer names no event: a reversal, a registration. */
  readonly eventId: string;
  readonly postedAt: string;
  readonly answer: HttpAnswer;
};

/** A step that the ledger refused, by the code of its problem. */
class RefusedStep extends Error {
  override readonly name = 'RefusedStep';
  readonly code: string;

  constructor(path: string, answer: HttpAnswer) {
    super(`${path} was answered ${answer.status} ${answer.text}`);
    this.code = textAt(answer, 'code');
  }
}

/** Speaks to the ledger for a story: every step is a 201, every question a 200. */
export class Teller {
  readonly api: TenantApi;
  #latest: string | null = null;

  constructor(api: TenantApi) {
    this.api = api;
  }

  /** The instant of the latest step: what the ledger knows now, it knew then. */
  get now(): string {
    if (this.#latest === null) throw new Error('nothing has happened in this story yet');
    return this.#latest;
  }

  /** Posts a step. With `goesTo`, the answer has to allocate the amount so. */
  async post(path: string, body: object, goesTo?: Components): Promise<Posted> {
    const posted = this.#posted(await this.accept(path, body));
    const { answer } = posted;
    if (goesTo !== undefined) expect(Reflect.get(Object(answer.json), 'allocation')).toEqual(allocationOf(goesTo));
    return posted;
  }

  /** The same by another client of the lender. */
  async postAs(client: TenantApi, path: string, body: object): Promise<Posted> {
    return this.#posted(await this.accept(path, body, client));
  }

  /** A step that posts nothing yet: its answer, when it is a 201. */
  async accept(path: string, body: object, client: TenantApi = this.api): Promise<HttpAnswer> {
    const answer = await client.post(path, body);
    if (answer.status !== 201) throw new RefusedStep(path, answer);
    return answer;
  }

  /** Asks, and answers the body as text and read. */
  async ask(path: string): Promise<HttpAnswer> {
    const answer = await this.api.get(path);
    if (answer.status !== 200) throw new Error(`${path} was answered ${answer.status} ${answer.text}`);
    return answer;
  }

  #posted(answer: HttpAnswer): Posted {
    const event = Object.keys(Object(answer.json)).find((name) => name.endsWith('_event_id'));
    this.#latest = textAt(answer, 'posted_at');
    return {
      entryId: textAt(answer, 'journal_entry_id'),
      eventId: event === undefined ? '' : textAt(answer, event),
      postedAt: this.#latest,
      answer,
    };
  }
}

/** Takes a step that the ledger has to refuse with `code`. */
export async function expectRefused(code: string, step: () => Promise<unknown>): Promise<void> {
  const outcome = await step().then(
    () => 'posted',
    (error: unknown) => {
      if (error instanceof RefusedStep) return error.code;
      throw error;
    },
  );
  expect(outcome).toBe(code);
}
