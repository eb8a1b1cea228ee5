import { type KeyObject, randomBytes } from 'node:crypto';
import { LIMITS } from '../../limits.ts';
import { type JournalEvent, readEvent, readEventsAfter, renderEvent } from '../../postgres/reading/journal-events.ts';
import type { ReaderPool } from '../../postgres/reading/reader-pool.ts';
import {
  type AttemptRecord,
  advanceCursor,
  type ClaimedEndpoint,
  type Lease,
  nextQueuedLetter,
  recordFailure,
  recordLateReceipt,
  recordResend,
  releaseEndpoint,
  setAside,
  settleResends,
} from '../../postgres/webhooks/delivery-state.ts';
import type { WebhookDatabase } from '../../postgres/webhooks/webhook-database.ts';
import { openWebhookSecret, type SealedSecret } from '../../postgres/webhooks/webhook-secret.ts';
import { type AttemptWaits, failed, ReceiverConnection } from './receiver-connection.ts';
import type { ReceiverTargets } from './receiver-target.ts';
import { pauseAfter, type RetryPace } from './retry.ts';
import { signatureHeader, webhookId } from './signature.ts';

/** What serving an endpoint needs, the same for all of them. */
export type ServiceTools = {
  readonly database: WebhookDatabase;
  readonly reader: ReaderPool;
  readonly masterKey: KeyObject;
  readonly targets: ReceiverTargets;
  readonly retry: RetryPace;
  readonly waits: AttemptWaits;
  readonly leaseMs: number;
  readonly userAgent: string;
  /** Told of every attempt, and of events that are given up; absent where nobody counts. */
  readonly watch?: DeliveryWatch;
  /** Headers that continue the trace of the request that posted a key; undefined when it is not known here. */
  readonly traceHeaders?: (
    request: Readonly<Record<'tenantId' | 'key', string>>,
  ) => Readonly<Record<string, string>> | undefined;
  /** Told of what is wrong on our side. */
  readonly onFailure: (error: unknown) => void;
};

/** `outcome`: `received`, or the word under which the attempt is written down. */
export type DeliveryWatch = {
  readonly attempted: (outcome: string, ms: number) => void;
  readonly becameDeadLetter: () => void;
};

/** How long an endpoint that was served to its end is kept, so that the next event need not take the lease again. */
const LINGER_MS = 1_000;
/** How long an endpoint is left alone whose secrets do not open. */
const SET_ASIDE_MS = 60_000;

/**
 * Serves one endpoint under a lease: the dead letters that are due, then the journal behind its cursor, one event at a time
 * in its order, until there is nothing more, an attempt fails, its turn is over or it is told to end.
 */
export class EndpointService {
  readonly #tools: ServiceTools;
  readonly #lease: Lease;
  readonly #endpoint: ClaimedEndpoint;
  readonly #connection: ReceiverConnection;
  readonly #abort = new AbortController();
  #secrets: readonly Uint8Array[] = [];
  #leaseEndsMs: number;
  /** Everything up to here was received or concerns nobody; what lies behind `#savedSeq` is not yet written down. */
  #positionSeq: bigint;
  #savedSeq: bigint;
  #savedAtMs = performance.now();
  #unsavedReceipts = 0;
  /** Failed attempts at the event behind the position. */
  #failures: number;
  #ending = false;
  #holdsLease = true;
  #woken = false;
  #wake: (() => void) | null = null;

  constructor(tools: ServiceTools, claim: { lease: Lease; endpoint: ClaimedEndpoint; claimedAtMs: number }) {
    this.#tools = tools;
    this.#lease = claim.lease;
    this.#endpoint = claim.endpoint;
    this.#leaseEndsMs = claim.claimedAtMs + tools.leaseMs;
    this.#positionSeq = claim.endpoint.cursorSeq;
    this.#savedSeq = claim.endpoint.cursorSeq;
    this.#failures = claim.endpoint.failures;
    this.#connection = new ReceiverConnection({ waits: tools.waits });
  }

  /** Serves until it ends. Rejects with what the database throws; the lease then runs out by itself. */
  async run(): Promise<void> {
    try {
      if (!this.#openSecrets(this.#endpoint.secrets)) {
        await setAside(this.#tools.database, this.#lease, SET_ASIDE_MS);
        return;
      }
      await this.#serve();
      if (this.#holdsLease) await releaseEndpoint(this.#tools.database, this.#lease, this.#positionSeq);
    } finally {
      this.#connection.close();
    }
  }

  /** Something was posted: looks at once. */
  wake(): void {
    this.#woken = true;
    this.#wake?.();
  }

  /** Ends after the attempt under way. */
  end(): void {
    this.#ending = true;
    this.wake();
  }

  /** Ends the attempt under way, too; its event is sent again by whoever is next. */
  abort(): void {
    this.#abort.abort();
  }

  async #serve(): Promise<void> {
    if (this.#endpoint.resendIsDue) await this.#sendDeadLetters();
    if (!this.#endpoint.streamIsDue) return;
    const turnEndsMs = performance.now() + LIMITS.webhookTurnMs;
    while (this.#goesOn() && performance.now() < turnEndsMs) {
      this.#woken = false;
      const events = await readEventsAfter(this.#tools.reader, {
        tenantId: this.#lease.tenantId,
        afterSeq: this.#positionSeq,
        limit: LIMITS.webhookWindow,
      });
      if (events.length === 0 && !(await this.#linger())) return;
      for (const event of events) {
        if (!this.#goesOn() || !(await this.#pass(event))) return;
      }
    }
  }

  #goesOn(): boolean {
    return this.#holdsLease && !this.#ending;
  }

  /** Brings the position past one event; false when that did not succeed. */
  async #pass(event: JournalEvent): Promise<boolean> {
    if (this.#endpoint.eventTypes !== null && !this.#endpoint.eventTypes.has(event.eventType)) {
      this.#positionSeq = event.seq;
      return true;
    }
    if (!(await this.#keepLease())) return false;
    const attempt = await this.#watchedAttempt(event, this.#failures);
    if (attempt === undefined) return false;
    if (attempt.error !== null) return this.#fail(event, attempt);
    return this.#receive(event, attempt);
  }

  async #receive(event: JournalEvent, attempt: AttemptRecord): Promise<boolean> {
    if (this.#failures > 0) {
      const receipt = { seq: event.seq, entryId: event.entryId, attempt };
      this.#holdsLease = await recordLateReceipt(this.#tools.database, this.#lease, receipt);
      this.#saved(event.seq);
      return this.#holdsLease;
    }
    this.#positionSeq = event.seq;
    this.#unsavedReceipts += 1;
    const unsavedMs = performance.now() - this.#savedAtMs;
    const isDue = this.#unsavedReceipts >= LIMITS.webhookUnsavedReceipts || unsavedMs >= LIMITS.webhookUnsavedMs;
    return isDue ? this.#save() : true;
  }

  /** Writes a failure down; true when the event became a dead letter and the next one may be sent. */
  async #fail(event: JournalEvent, attempt: AttemptRecord): Promise<boolean> {
    this.#failures += 1;
    const retryInMs = pauseAfter(this.#failures, this.#tools.retry, Math.random());
    const { seq, entryId } = event;
    const failure = { seq, entryId, attempt, cursorSeq: this.#positionSeq, retryInMs };
    const written = await recordFailure(this.#tools.database, this.#lease, failure);
    // The lease was given back with the failure, or lost.
    this.#holdsLease = written && retryInMs === null;
    if (this.#holdsLease) this.#saved(seq);
    if (this.#holdsLease) this.#tools.watch?.becameDeadLetter();
    return this.#holdsLease;
  }

  #saved(seq: bigint): void {
    this.#positionSeq = seq;
    this.#savedSeq = seq;
    this.#failures = 0;
    this.#unsavedReceipts = 0;
    this.#savedAtMs = performance.now();
  }

  /** Writes the position down and renews the lease; false when it was lost. */
  async #save(): Promise<boolean> {
    const { database, leaseMs } = this.#tools;
    const beganMs = performance.now();
    const position = { cursorSeq: this.#positionSeq, leaseMs };
    const secrets = await advanceCursor(database, this.#lease, position);
    // A disabled endpoint still holds its lease; run() gives it back.
    if (secrets === undefined) return this.#stopServing();
    this.#leaseEndsMs = beganMs + leaseMs;
    this.#savedSeq = this.#positionSeq;
    this.#unsavedReceipts = 0;
    this.#savedAtMs = beganMs;
    return this.#openSecrets(secrets) || this.#stopServing();
  }

  #stopServing(): false {
    this.#ending = true;
    return false;
  }

  /** An attempt begins only if the lease outlasts it. */
  async #keepLease(): Promise<boolean> {
    const attemptMs = LIMITS.webhookResolveMs + this.#tools.waits.attemptMs;
    return performance.now() + attemptMs < this.#leaseEndsMs ? true : this.#save();
  }

  /** Waits for something new; false when nothing came for a while. Others in this database cannot wake us, so it also looks. */
  async #linger(): Promise<boolean> {
    if (this.#positionSeq > this.#savedSeq && !(await this.#save())) return false;
    if (performance.now() - this.#savedAtMs > LINGER_MS) return false;
    // What was posted after the journal was read, and before this, is not to wait.
    if (this.#woken) return this.#goesOn();
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, LIMITS.webhookPollMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = null;
    return this.#goesOn();
  }

  async #sendDeadLetters(): Promise<void> {
    const { database, reader, retry, leaseMs } = this.#tools;
    while (this.#goesOn()) {
      const letter = await nextQueuedLetter(database, this.#lease);
      if (letter === undefined) {
        await settleResends(database, this.#lease);
        return;
      }
      if (!(await this.#keepLease())) return;
      const event = await readEvent(reader, { tenantId: this.#lease.tenantId, entryId: letter.entryId });
      if (event === undefined) throw new Error(`dead letter ${letter.entryId} names an entry that is not there`);
      const attempt = await this.#watchedAttempt(event, letter.failures);
      if (attempt === undefined) return;
      const retryInMs = pauseAfter(letter.failures + 1, retry, Math.random());
      const resend = { seq: letter.seq, entryId: letter.entryId, attempt, retryInMs, leaseMs };
      this.#leaseEndsMs = performance.now() + leaseMs;
      this.#holdsLease = await recordResend(database, this.#lease, resend);
    }
  }

  async #watchedAttempt(event: JournalEvent, failures: number): Promise<AttemptRecord | undefined> {
    const attempt = await this.#attempt(event, failures);
    if (attempt !== undefined) this.#tools.watch?.attempted(attempt.error ?? 'received', attempt.durationMs);
    return attempt;
  }

  /** One attempt to bring an event to the receiver; undefined when we were told to end in the middle of it. */
  async #attempt(event: JournalEvent, failures: number): Promise<AttemptRecord | undefined> {
    const beganMs = performance.now();
    const target = await this.#tools.targets.find(this.#endpoint.url);
    if (typeof target === 'string') {
      return failed(target === 'unresolved' ? 'name_not_resolved' : 'address_forbidden', beganMs);
    }
    // Another address of the same name at the next attempt: one of several may be down.
    const address = target.addresses[failures % target.addresses.length] ?? '';
    const body = renderEvent(event);
    const headers = this.#headers(event, body);
    return this.#connection.send({ url: target.url, address, headers, body, signal: this.#abort.signal });
  }

  #headers(event: JournalEvent, body: string): Record<string, string> {
    const id = webhookId(this.#lease.endpointId, event.entryId);
    // Seconds since 1970 by this machine's clock: receivers refuse a signature that is not of about now.
    const timestampSeconds = Math.floor(Date.now() / 1_000);
    // Where the trace of the request is not known, that of everything about one occurrence is its correlation id, which
    // is as long.
    const traceparent = `00-${event.correlationId.replaceAll('-', '')}-${randomBytes(8).toString('hex')}-01`;
    return {
      'content-type': 'application/json',
      'user-agent': this.#tools.userAgent,
      'webhook-id': id,
      'webhook-timestamp': String(timestampSeconds),
      'webhook-signature': signatureHeader({ id, timestampSeconds, body }, this.#secrets),
      ...(this.#traceOf(event) ?? { traceparent }),
    };
  }

  #traceOf({ tenantId, idempotencyKey: key }: JournalEvent): Readonly<Record<string, string>> | undefined {
    return key === null ? undefined : this.#tools.traceHeaders?.({ tenantId, key });
  }

  /**
   * False when the present secret, the newest, does not open: then nothing can be signed, and nothing is sent unsigned.
   * One before it that does not open was replaced for that, and signs no more.
   */
  #openSecrets([present, ...before]: readonly SealedSecret[]): boolean {
    if (present === undefined) {
      this.#tools.onFailure(new Error(`endpoint ${this.#lease.endpointId} has no secret`));
      return false;
    }
    const newest = this.#openSecret(present);
    if (newest === undefined) return false;
    this.#secrets = [newest, ...before.flatMap((secret) => this.#openSecret(secret) ?? [])];
    return true;
  }

  #openSecret(secret: SealedSecret): Uint8Array | undefined {
    try {
      return openWebhookSecret(this.#lease, secret, this.#tools.masterKey);
    } catch (error) {
      this.#tools.onFailure(error);
      return undefined;
    }
  }
}
