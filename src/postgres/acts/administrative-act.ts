/**
 * Administrative POSTs of the API: each happens once, and is answered again byte for byte while its answer is kept. They
 * move no money and write no journal entry, so they do not go through the posting engine; what a key stands for is decided
 * here in the same way: effect, audit event, key and answer commit together or not at all.
 */
import type { KeyObject } from 'node:crypto';
import type pg from 'pg';
import { LIMITS } from '../../limits.ts';
import { StoreFailure } from '../../posting/posting-store.ts';
import { openSeal, seal } from '../access/seal.ts';
import { failureOf } from '../posting/poster-connection.ts';
import { readKeyUse } from '../reading/key-use.ts';
import type { ReaderPool } from '../reading/reader-pool.ts';
import type { TenantConnections } from './tenant-connections.ts';

/** Who asks, and under which key; the hashes as in a command's envelope. */
export type ActRequest = {
  readonly tenantId: string;
  readonly actor: string;
  readonly keyHash: string;
  readonly payloadHash: string;
};

/** What was done, for the audit log. `detail` never holds a secret. */
export type AuditedAct = {
  readonly action:
    | 'webhook_endpoint.create'
    | 'webhook_endpoint.rotate_secret'
    | 'webhook_endpoint.disable'
    | 'webhook_endpoint.enable'
    | 'webhook_delivery.resend'
    | 'program.create'
    | 'program.version'
    | 'account.create'
    | 'account.rename'
    | 'adjustment.propose'
    | 'adjustment.reject'
    | 'accrual_run.start';
  readonly subject: string;
  readonly detail: Readonly<Record<string, unknown>>;
};

/** The transaction that an act is part of. */
export type ActTransaction = pg.ClientBase;

/** What came of doing it: the answer's body and the act, or why nothing was done. */
export type Done<Refusal> = { readonly body: string; readonly act: AuditedAct } | { readonly refusal: Refusal };

export type ActOutcome<Refusal> =
  | { readonly outcome: 'created' | 'replayed'; readonly body: string }
  /** `unreadable`: it was done, and its answer does not open under this master key. */
  | { readonly outcome: 'mismatch' | 'in_progress' | 'unreadable' }
  | { readonly outcome: 'refused'; readonly refusal: Refusal };

/** `prepare` runs before the transaction, for what takes long and changes nothing; what is refused has written nothing. */
export type ActSteps<Prepared, Refusal> = {
  readonly prepare: () => Promise<{ readonly prepared: Prepared } | { readonly refusal: Refusal }>;
  readonly perform: (transaction: ActTransaction, prepared: Prepared) => Promise<Done<Refusal>>;
};

/** Times that an act is tried again after another process used the key first. */
const ATTEMPTS_MAX = 3;

/** Does each act once per key. */
export class AdministrativeActs {
  readonly #database: TenantConnections;
  readonly #reader: ReaderPool;
  readonly #masterKey: KeyObject;
  readonly #inFlight = new Set<string>();

  constructor(options: { database: TenantConnections; reader: ReaderPool; masterKey: KeyObject }) {
    this.#database = options.database;
    this.#reader = options.reader;
    this.#masterKey = options.masterKey;
  }

  /**
   * Answers a key that was used, or prepares and performs the act. Throws StoreFailure when the database does not answer or a lock is not given.
   */
  async once<Prepared, Refusal>(request: ActRequest, steps: ActSteps<Prepared, Refusal>): Promise<ActOutcome<Refusal>> {
    const key = `${request.tenantId}:${request.keyHash}`;
    if (this.#inFlight.has(key)) return { outcome: 'in_progress' };
    this.#inFlight.add(key);
    try {
      return (await this.#replay(request)) ?? (await this.#act(request, steps));
    } catch (error) {
      throw failureOf(error);
    } finally {
      this.#inFlight.delete(key);
    }
  }

  async #act<Prepared, Refusal>(request: ActRequest, steps: ActSteps<Prepared, Refusal>): Promise<ActOutcome<Refusal>> {
    const ready = await steps.prepare();
    if ('refusal' in ready) return { outcome: 'refused', refusal: ready.refusal };
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#perform(request, (client) => steps.perform(client, ready.prepared));
      } catch (error) {
        const failure = failureOf(error);
        const isConflict = failure instanceof StoreFailure && failure.kind === 'conflict';
        if (!isConflict || attempt === ATTEMPTS_MAX) throw error;
        const replay = await this.#replay(request);
        if (replay !== undefined) return replay;
      }
    }
  }

  async #perform<Refusal>(
    request: ActRequest,
    perform: (client: pg.ClientBase) => Promise<Done<Refusal>>,
  ): Promise<ActOutcome<Refusal>> {
    const { tenantId } = request;
    return this.#database.ofTenant(tenantId, async (client): Promise<ActOutcome<Refusal>> => {
      await client.query('SAVEPOINT before_the_act');
      const done = await perform(client);
      if ('refusal' in done) {
        // Whatever was done on the way to the refusal is undone: a refused act changes nothing.
        await client.query('ROLLBACK TO SAVEPOINT before_the_act');
        return { outcome: 'refused', refusal: done.refusal };
      }
      await insertAuditEvent(client, request, done.act);
      await deleteOldAnswers(client, tenantId);
      // Last: another process with the same key waits here for the shortest time.
      await insertAnswer(client, request, seal(Buffer.from(done.body), answerName(request), this.#masterKey));
      return { outcome: 'created', body: done.body };
    });
  }

  /** What the key stands for; undefined when it is free. */
  async #replay(
    request: ActRequest,
  ): Promise<{ outcome: 'replayed'; body: string } | { outcome: 'mismatch' | 'unreadable' } | undefined> {
    const { tenantId, keyHash } = request;
    const kept = await this.#database.ofTenant(tenantId, (client) => selectAnswer(client, tenantId, keyHash));
    // A key that an event was posted under is another request's, whatever this one is.
    if (kept === undefined) {
      return (await readKeyUse(this.#reader, { tenantId, keyHash })) ? { outcome: 'mismatch' } : undefined;
    }
    if (kept.payloadHash !== request.payloadHash) return { outcome: 'mismatch' };
    try {
      return {
        outcome: 'replayed',
        body: openSeal(kept.sealed, answerName(request), this.#masterKey).toString('utf8'),
      };
    } catch {
      // It was sealed under another master key, which the outcome says as well as the error; to act again would be a
      // second effect.
      return { outcome: 'unreadable' };
    }
  }
}

function answerName({ tenantId, keyHash }: ActRequest): string {
  return `answer ${keyHash} of tenant ${tenantId}`;
}

async function selectAnswer(
  client: pg.ClientBase,
  tenantId: string,
  keyHash: string,
): Promise<{ readonly payloadHash: string; readonly sealed: Uint8Array } | undefined> {
  const { rows } = await client.query<{ payload_hash: string; answer_sealed: Buffer }>(
    'SELECT payload_hash, answer_sealed FROM hpts.administrative_answer WHERE tenant_id = $1 AND key_hash = $2',
    [tenantId, keyHash],
  );
  const row = rows[0];
  return row === undefined ? undefined : { payloadHash: row.payload_hash, sealed: row.answer_sealed };
}

async function insertAnswer(client: pg.ClientBase, request: ActRequest, sealed: Uint8Array): Promise<void> {
  await client.query(
    'INSERT INTO hpts.administrative_answer (tenant_id, key_hash, payload_hash, answer_sealed) VALUES ($1, $2, $3, $4)',
    [request.tenantId, request.keyHash, request.payloadHash, sealed],
  );
}

async function deleteOldAnswers(client: pg.ClientBase, tenantId: string): Promise<void> {
  await client.query(
    `DELETE FROM hpts.administrative_answer
     WHERE tenant_id = $1 AND created_at < clock_timestamp() - make_interval(hours => $2)`,
    [tenantId, LIMITS.administrativeAnswerHours],
  );
}

async function insertAuditEvent(client: pg.ClientBase, request: ActRequest, act: AuditedAct): Promise<void> {
  await client.query(
    'INSERT INTO hpts.audit_event (actor, action, tenant_id, subject, detail) VALUES ($1, $2, $3, $4, $5)',
    [request.actor, act.action, request.tenantId, act.subject, JSON.stringify(act.detail)],
  );
}
