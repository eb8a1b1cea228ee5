import type { WebhookPace } from '../../src/webhooks.ts';
import type { HttpAnswer } from '../http/http-client.ts';
import type { LedgerServer } from '../http/ledger-server.ts';
import { fee, type Loan, newLoan, posted } from '../http/loan-story.ts';
import { type TenantApi, textAt } from '../http/tenant-api.ts';

/** An endpoint that a test registered. */
export type Endpoint = { readonly id: string; readonly path: string; readonly secret: string };

/** Retries at once, and five of them. */
export const QUICK: WebhookPace = { retry: { attempts: 5, baseMs: 4, maxMs: 20 } };

/** Registers an endpoint; throws when that is refused. */
export async function register(api: TenantApi, url: string, more: object = {}): Promise<Endpoint> {
  const answer = await posted(api.post('/v1/webhook-endpoints', { url, ...more }));
  const id = textAt(answer, 'webhook_endpoint_id');
  return { id, path: `/v1/webhook-endpoints/${id}`, secret: textAt(answer, 'secret') };
}

/** Posts this many fees on a loan, one after the other, and answers the ids of their entries in order. */
export async function postEvents(api: TenantApi, count: number, loan?: Loan): Promise<readonly string[]> {
  const on = loan ?? (await newLoan(api));
  const ids: string[] = [];
  for (let sent = 0; sent < count; sent += 1) {
    ids.push(textAt(await posted(api.post('/v1/fees', fee(on, { amount_minor: '1' }))), 'journal_entry_id'));
  }
  return ids;
}

/** A member of an answer's body. */
export function at(answer: HttpAnswer, name: string): unknown {
  return Reflect.get(Object(answer.json), name);
}

/** Asks again and again until the answer is as wanted; the caller's time-out bounds it. */
export async function eventually<T>(ask: () => Promise<T>, wanted: (answer: T) => boolean): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (wanted(answer)) return answer;
  }
}

/** Resolves when nobody serves an endpoint: whoever did has learned what was changed about it. */
export async function untilAtRest(ledger: LedgerServer, endpoint: Endpoint): Promise<void> {
  await eventually(
    () =>
      ledger.sql<{ free: boolean }>(
        'SELECT lease_id IS NULL AS free FROM hpts.webhook_endpoint WHERE endpoint_id = $1',
        [endpoint.id],
      ),
    ([row]) => row?.free === true,
  );
}
