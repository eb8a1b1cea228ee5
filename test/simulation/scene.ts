import type { JsonObject } from './model/fields.ts';
import type { Loan, TenantLedger } from './model/ledger.ts';
import type { LedgerRequest, TokenKind } from './model/request.ts';
import { Random } from './random.ts';

/** A loan that a worker has in mind; the ledger may not know it yet. */
export interface Slot {
  readonly loanId: string;
  readonly borrowerId: string;
  readonly currency: string;
  readonly programId: string;
  /** Its amounts come near the greatest that a component may hold. */
  readonly giant: boolean;
  /** Other tenants use the same loan id for a loan of their own. */
  readonly shared: boolean;
}

/** What one worker writes about: nobody else writes to its loans, so their state between its steps is certain. */
export interface Scene {
  readonly tenant: number;
  readonly ledger: TenantLedger;
  readonly businessDate: string;
  /** Chooses what is written. */
  readonly random: Random;
  /** Chooses what is read, apart from the writes (TRUST.md section 4). */
  readonly readRandom: Random;
  /** Loans in play, the first of them the one that most races are about. */
  readonly slots: Slot[];
  /** Makes another loan to think of. */
  readonly newSlot: (wish?: { readonly giant: boolean }) => Slot;
  /** A fresh key; or one that a refused request has left free. */
  readonly newKey: (kind: string) => string;
  readonly freeKeys: string[];
  /** Requests that were posted, to be repeated. */
  readonly posted: LedgerRequest[];
  /** Loans and entries of other tenants, which must look like none. */
  readonly foreign: { loanId(): string | undefined; entryId(): string | undefined };
  /** True when the target has tokens without the writing scopes. */
  readonly narrowTokens: boolean;
  /** True when it has tokens of another client of each tenant. */
  readonly colleagues: boolean;
  /** A program whose loans are this worker's alone. */
  readonly ownProgramId: string | undefined;
  /** A month, `YYYY-MM`, that only this worker closes and opens. */
  readonly ownPeriod: string | undefined;
  /** The ids of the adjustments that this worker has proposed. */
  readonly proposals: string[];
}

/** A writing call before it has a key and a text. */
export interface Draft {
  readonly path: string;
  readonly body: JsonObject;
  /** Every loan it may touch. */
  readonly loanIds: readonly string[];
  /** Effective before something that the loan already knows. */
  readonly backdated: boolean;
  /** Every scope unless another one is named. */
  readonly token?: TokenKind;
}

/** What makes a scene. */
interface SceneOptions {
  readonly tenant: number;
  /** Number of the worker among those of its tenant: where other tenants have one of that number, they share some ids and all key texts. */
  readonly worker: number;
  readonly seed: number;
  readonly salt: string;
  readonly ledger: TenantLedger;
  readonly businessDate: string;
  readonly foreign: Scene['foreign'];
  readonly narrowTokens: boolean;
  readonly colleagues: boolean;
  readonly ownProgramId: string | undefined;
  readonly ownPeriod: string | undefined;
}

const CURRENCIES = ['USD', 'USD', 'EUR', 'JPY'] as const;

/** A worker's scene with its first loans, none of them in the ledger yet. */
export function newScene(options: SceneOptions): Scene {
  const { tenant, worker, seed, salt, ledger, businessDate, foreign, narrowTokens } = options;
  const { colleagues, ownProgramId, ownPeriod } = options;
  const random = new Random(`write:${seed}:${tenant}:${worker}`);
  const freeKeys: string[] = [];
  let slotCount = 0;
  let keyCount = 0;
  const newSlot = (wish?: { readonly giant: boolean }): Slot => {
    slotCount += 1;
    const shared = slotCount % 2 === 0;
    // Ids depend on the salt and choices do not: a seed repeats on a database that has seen it before.
    const ids = new Random(`loan:${seed}:${salt}:${shared ? 'shared' : tenant}:${worker}:${slotCount}`);
    const giant = wish?.giant ?? false;
    const currency = random.pick(CURRENCIES);
    // The default program appends, everywhere.
    const isDefault = random.chance(hasReplay(ledger) ? 0.15 : 0.4);
    const programId = isDefault ? ledger.programId : random.pick(ledger.publicPrograms);
    return { loanId: ids.uuid(), borrowerId: ids.uuid(), currency, programId, giant, shared };
  };
  const newKey = (kind: string): string => {
    if (freeKeys.length > 0 && random.chance(0.3)) return freeKeys.shift() ?? '';
    keyCount += 1;
    return `${kind}:${salt}-${worker}:${keyCount}`;
  };
  const slots = [newSlot(), newSlot(), newSlot(), newSlot(), newSlot({ giant: true })];
  const readRandom = new Random(`read:${seed}:${tenant}:${worker}`);
  return {
    tenant,
    ledger,
    businessDate,
    random,
    readRandom,
    slots,
    newSlot,
    newKey,
    freeKeys,
    posted: [],
    foreign,
    narrowTokens,
    colleagues,
    ownProgramId,
    ownPeriod,
    proposals: [],
  };
}

/** True where some programs of the tenant put their loans' events in order of effect. */
export function hasReplay({ books, publicPrograms }: TenantLedger): boolean {
  return publicPrograms.some((id) => books.programs.get(id)?.versions[0]?.policy.backdating === 'replay');
}

/** A scene's loans that the ledger knows. */
export function knownLoans(scene: Scene): { readonly slot: Slot; readonly loan: Loan }[] {
  return scene.slots.flatMap((slot) => {
    const loan = scene.ledger.loans.get(slot.loanId);
    return loan === undefined ? [] : [{ slot, loan }];
  });
}

/** A draft as a request in good order. */
export function requestOf(scene: Scene, draft: Draft): LedgerRequest {
  const kind = draft.path.slice('/v1/'.length).replaceAll('/', '.');
  return {
    tenant: scene.tenant,
    method: 'POST',
    path: draft.path,
    token: draft.token ?? 'full',
    contentType: 'application/json',
    keyHeaders: [scene.newKey(kind)],
    body: JSON.stringify(draft.body),
  };
}
