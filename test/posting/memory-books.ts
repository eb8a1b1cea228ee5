import type { AccrualBatch } from '../../src/domain/accrual.ts';
import { interestByLoan } from '../../src/domain/accrual-correction.ts';
import type { Verdict } from '../../src/domain/adjustment.ts';
import { parseAnnualRate, type RateStep } from '../../src/domain/annual-rate.ts';
import type { CalendarDate } from '../../src/domain/calendar-date.ts';
import { DEFAULT_PROGRAM_POLICY } from '../../src/domain/default-program.ts';
import type { Components, LoanState } from '../../src/domain/loan.ts';
import type { TakenPart } from '../../src/domain/loss.ts';
import type { StandingNonAccrual } from '../../src/domain/non-accrual.ts';
import type { StandingCorrection } from '../../src/domain/posted-entry.ts';
import { type ProgramVersion, readPolicy } from '../../src/domain/program.ts';
import type { Command } from '../../src/posting/command.ts';
import { referencesOf } from '../../src/posting/command-kinds.ts';
import { type DecidedBatch, decideBatch } from '../../src/posting/decide-batch.ts';
import { firstEntryIdOf } from '../../src/posting/entry-id.ts';
import type { KeptLoss, KeptPart } from '../../src/posting/kept-loss.ts';
import {
  type AccrualMonth,
  type LedgerState,
  type LoanRef,
  monthKey,
  type Night,
  type ResolvedEntry,
  type StandingDisbursement,
  scopedKey,
  type TenantState,
  type UsedKey,
} from '../../src/posting/ledger-state.ts';
import type { PlannedAccountDelta, PlannedMovement, PostingPlan } from '../../src/posting/posting-plan.ts';
import type { EntryRef } from '../../src/posting/posting-store.ts';
import { readSetOf } from '../../src/posting/read-set.ts';
import { entryIdOf } from '../../src/posting/reference.ts';
import type { HistoryRef, LoanHistory } from '../../src/posting/restatement/loan-history.ts';
import { FactsInMemory } from './facts-in-memory.ts';
import { historyOf } from './memory-history.ts';
import { InterestInMemory } from './memory-interest.ts';
import { type ClosedPeriod, closedThrough, FISCAL_YEAR_END, readPeriods } from './memory-periods.ts';

/** A tenant of the books, with the programs that its loans may have. */
export type BooksTenant = {
  readonly tenantId: string;
  readonly programId: string;
  readonly otherProgramId: string;
  /** Of both programs; `append` unless it is said. */
  readonly backdating?: 'append' | 'replay';
  /** Of both programs; none unless it is said. */
  readonly annualRate?: string;
};

export const BUSINESS_DATE = '2026-05-10';

/**
 * Books in memory that are read and written as the database's are: a batch sees only what its read set names, and only
 * its plan changes anything. `post` decides the commands together.
 */
export class MemoryBooks {
  readonly loans = new Map<string, LoanState>();
  readonly keys = new Map<string, UsedKey>();
  readonly reversals = new Map<string, string>();
  readonly verdicts = new Map<string, Verdict>();
  readonly corrections = new Map<string, StandingCorrection[]>();
  readonly accrualMonths = new Map<string, AccrualMonth>();
  readonly disbursements = new Map<string, StandingDisbursement[]>();
  readonly nonAccruals = new Map<string, StandingNonAccrual[]>();
  readonly losses = new Map<string, readonly KeptLoss[]>();
  readonly recoveries = new Map<
    string,
    readonly (Pick<KeptPart, 'entryId' | 'turn'> & { readonly taken: TakenPart })[]
  >();
  readonly entries = new Map<string, ResolvedEntry>();
  readonly accountDeltas = new Map<string, PlannedAccountDelta>();
  readonly following = new Map<string, readonly string[]>();
  /** Closes by the first entry of each. */
  readonly periodCloses = new Map<string, ClosedPeriod>();
  readonly movements: PlannedMovement[] = [];
  /** Successors of entries that a restatement posted again. */
  readonly superseded = new Map<string, string>();
  readonly differences: PostingPlan['accrualDifferences'] = [];
  readonly batches = new Map<string, AccrualBatch>();
  /** Corrections by their entries, standing or not. */
  readonly sentCorrections = new Map<string, PostingPlan['accrualCorrections'][number]>();
  readonly facts = new FactsInMemory();
  interest = new InterestInMemory();
  /** The month with which years end. */
  readonly fiscalYearEnd: string;
  readonly #tenants: readonly BooksTenant[];
  readonly #states: ReadonlyMap<string, TenantState>;
  #lastId = 0;

  /** `states` are tenants whose configuration is given in full. */
  constructor(
    tenants: readonly BooksTenant[],
    states: ReadonlyMap<string, TenantState> = new Map(),
    fiscalYearEnd: string = FISCAL_YEAR_END,
  ) {
    this.fiscalYearEnd = fiscalYearEnd;
    this.#tenants = tenants;
    this.#states = new Map([...states, ...tenants.map((tenant) => [tenant.tenantId, tenantState(tenant)] as const)]);
  }

  copy(): MemoryBooks {
    const copy = new MemoryBooks(this.#tenants, this.#states, this.fiscalYearEnd);
    copy.#lastId = this.#lastId;
    const cloned = structuredClone({ ...this });
    const { loans, keys, reversals, verdicts, corrections } = cloned;
    const { accrualMonths, disbursements, nonAccruals, losses, recoveries, entries, accountDeltas } = cloned;
    const { following, periodCloses, superseded, batches, sentCorrections } = cloned;
    for (const [map, copied] of [
      [copy.loans, loans],
      [copy.keys, keys],
      [copy.reversals, reversals],
      [copy.verdicts, verdicts],
      [copy.corrections, corrections],
      [copy.accrualMonths, accrualMonths],
      [copy.disbursements, disbursements],
      [copy.nonAccruals, nonAccruals],
      [copy.losses, losses],
      [copy.recoveries, recoveries],
      [copy.entries, entries],
      [copy.accountDeltas, accountDeltas],
      [copy.superseded, superseded],
      [copy.batches, batches],
      [copy.sentCorrections, sentCorrections],
      [copy.following, following],
      [copy.periodCloses, periodCloses],
    ] as [Map<string, unknown>, Map<string, unknown>][]) {
      for (const [key, value] of copied) map.set(key, value);
    }
    copy.movements.push(...structuredClone(this.movements));
    copy.differences.push(...this.differences);
    copy.facts.take(this.facts);
    copy.interest = this.interest.copy();
    return copy;
  }

  /** Decides the commands together, as one batch, and takes its plan over; `again`: as facts that stand already. */
  post(commands: readonly Command[], again: LedgerState['again'] = undefined): DecidedBatch {
    const resolved = new Map<string, ResolvedEntry>();
    for (const command of commands) {
      for (const reference of referencesOf(command)) {
        const asked = entryIdOf(reference);
        const found = this.entries.get(scopedKey(command.tenantId, this.#liveId(command.tenantId, asked)));
        if (found !== undefined) resolved.set(scopedKey(command.tenantId, asked), found);
      }
    }
    const decide = (histories: LedgerState['histories']): DecidedBatch =>
      decideBatch(
        commands,
        {
          ...this.#read(commands, resolved, again !== undefined),
          ...(histories && { histories }),
          ...(again && { again }),
        },
        () => this.#newEntryId(),
      );
    let decided = decide(undefined);
    const [first] = decided.decisions;
    if (commands.length === 1 && first?.outcome === 'deferred') {
      decided = decide(
        new Map(first.histories.map((ref) => [scopedKey(ref.tenantId, ref.loanId), this.#history(ref)])),
      );
    }
    this.#write(decided.plan);
    return decided;
  }

  #liveId(tenantId: string, entryId: string): string {
    const next = this.superseded.get(scopedKey(tenantId, entryId));
    return next === undefined ? entryId : this.#liveId(tenantId, next);
  }

  /** A loan's life from a day on, as the database answers it. */
  #history(ref: HistoryRef): LoanHistory {
    const standingsOf = (asked: readonly EntryRef[]) => this.facts.standingsOf(asked, this);
    return historyOf(ref, { ...this, lossesOf: (loans) => this.lossesOf(loans), standingsOf });
  }

  #newEntryId(): string {
    this.#lastId += 1;
    return `00000000-0000-7000-8000-${this.#lastId.toString(16).padStart(11, '0')}0`;
  }

  /** What stands already may lose whatever it was asked for: then losses are read of every loan. */
  #read(commands: readonly Command[], entries: ReadonlyMap<string, ResolvedEntry>, isAgain: boolean): LedgerState {
    const set = readSetOf(commands, entries);
    const pick = <T>(all: ReadonlyMap<string, T>, keys: readonly string[]) =>
      new Map(keys.flatMap((key) => (all.has(key) ? [[key, structuredClone(all.get(key)) as T] as const] : [])));
    const loanKeys = (refs: typeof set.loans) => refs.map(({ tenantId, loanId }) => scopedKey(tenantId, loanId));
    return {
      databaseTimeMs: 0,
      interest: new Map(
        set.interestLoans.map((loan) => [scopedKey(loan.tenantId, loan.loanId), this.interest.factsOf(loan, this)]),
      ),
      tenants: new Map(
        [...this.#states].map(([tenantId, state]) => [tenantId, closed(state, closedThrough(this, tenantId))]),
      ),
      loans: pick(this.loans, loanKeys(set.loans)),
      keys: pick(
        this.keys,
        set.keys.map(({ tenantId, keyHash }) => scopedKey(tenantId, keyHash)),
      ),
      entries,
      standings: this.facts.standingsOf(set.earlier, this),
      verdicts: pick(
        this.verdicts,
        set.judgedAdjustments.map(({ tenantId, adjustmentId }) => scopedKey(tenantId, adjustmentId)),
      ),
      corrections: this.#correctionsOf(set.correctedBatches),
      nights: this.#nights(set.nights),
      accrualMonths: pick(
        this.accrualMonths,
        set.accrualMonths.map(({ tenantId, loanId, month }) => monthKey(tenantId, loanId, month)),
      ),
      disbursements: pick(this.disbursements, loanKeys(set.disbursedLoans)),
      nonAccruals: pick(this.nonAccruals, loanKeys(set.markedLoans)),
      losses: this.lossesOf(isAgain ? set.loans : set.loansWithLosses),
      periods: readPeriods(this, set),
    };
  }

  /** As the database answers them: without what reversed entries lost or recovered. */
  /** Standing corrections of batches, with what restatements posted to these and to those. */
  #correctionsOf(batches: readonly EntryRef[]): Map<string, StandingCorrection[]> {
    return new Map(
      batches.flatMap(({ tenantId, entryId }) => {
        const key = scopedKey(tenantId, entryId);
        const sent = this.corrections.get(key) ?? [];
        const of = new Set([entryId, ...sent.map((one) => one.entryId)]);
        const posted = this.differences
          .filter((one) => one.tenantId === tenantId && of.has(one.ofEntryId))
          .filter((one) => !this.reversals.has(scopedKey(tenantId, one.entryId)))
          .map((one): StandingCorrection => {
            const { entry } = this.entries.get(scopedKey(tenantId, one.entryId)) ?? {};
            if (entry === undefined) throw new Error(`difference ${one.entryId} has no entry`);
            const { effectiveAt, lines } = entry;
            return { entryId: one.entryId, effectiveAt, lines, differences: interestByLoan(lines) };
          });
        const seqOf = (one: StandingCorrection): bigint =>
          this.entries.get(scopedKey(tenantId, one.entryId))?.entry.seq ?? 0n;
        const all = structuredClone([...sent, ...posted]).sort((one, other) => (seqOf(one) < seqOf(other) ? -1 : 1));
        return all.length === 0 ? [] : [[key, all] as const];
      }),
    );
  }

  lossesOf(loans: readonly LoanRef[]): Map<string, readonly KeptLoss[]> {
    return new Map(
      loans.map(({ tenantId, loanId }) => {
        const key = scopedKey(tenantId, loanId);
        const stands = ({ entryId }: { readonly entryId: string }) => !this.reversals.has(scopedKey(tenantId, entryId));
        const parts = (this.recoveries.get(key) ?? []).filter(
          (part, _index, all) =>
            stands(part) &&
            !all.some(
              ({ entryId, turn, taken }) =>
                entryId === part.entryId && taken.lossEntryId === part.taken.lossEntryId && turn > part.turn,
            ),
        );
        const rows = this.losses.get(key) ?? [];
        const last = rows.filter(
          (row) => !rows.some(({ entryId, turn }) => entryId === row.entryId && turn > row.turn),
        );
        const losses = last.filter(stands).map((loss) => ({
          ...loss,
          recovered: parts
            .filter(({ taken }) => taken.lossEntryId === loss.entryId)
            .map(({ entryId, turn, taken }) => {
              const effectiveAt = this.entries.get(scopedKey(tenantId, entryId))?.entry.effectiveAt ?? '';
              return { entryId, effectiveAt, turn, amounts: taken.amounts };
            }),
        }));
        return [key, losses];
      }),
    );
  }

  #nights(asked: readonly { tenantId: string; loanId: string; day: string }[]): Map<string, Night[]> {
    const nights = new Map<string, Night[]>();
    for (const { tenantId, loanId, day } of asked) {
      const key = scopedKey(tenantId, loanId);
      const own = this.movements.filter((one) => one.tenantId === tenantId && one.loanId === loanId && one.layer === 0);
      let principalMinor = 0n;
      let before = 0n;
      for (const { after, effectiveAt } of own) {
        if (effectiveAt <= day) principalMinor += after.principal - before;
        before = after.principal;
      }
      principalMinor += this.#reversedChargeOffs(tenantId, loanId, day);
      nights.set(key, [...(nights.get(key) ?? []), { day, principalMinor }]);
    }
    return nights;
  }

  /** What charge-offs took of a night's principal that were reversed on a later day. */
  #reversedChargeOffs(tenantId: string, loanId: string, day: string): bigint {
    const dateOf = (entryId: string) => this.entries.get(scopedKey(tenantId, entryId))?.entry.effectiveAt ?? '';
    return (this.losses.get(scopedKey(tenantId, loanId)) ?? [])
      .filter(({ entryId }) => {
        const reversedBy = this.reversals.get(scopedKey(tenantId, entryId));
        return reversedBy !== undefined && dateOf(entryId) <= day && day < dateOf(reversedBy);
      })
      .reduce((sum, { amounts }) => sum + amounts.principal, 0n);
  }

  #write(plan: PostingPlan): void {
    const { loans, accrualMonths } = structuredClone({ loans: plan.loans, accrualMonths: plan.accrualMonths });
    for (const [key, loan] of loans) this.loans.set(key, loan);
    for (const [key, month] of accrualMonths) this.accrualMonths.set(key, month);
    for (const key of plan.keys) this.keys.set(scopedKey(key.tenantId, key.keyHash), key);
    this.movements.push(...structuredClone(plan.movements));
    for (const { tenantId, loanId, entryId, effectiveAt } of plan.disbursements) {
      const key = scopedKey(tenantId, loanId);
      this.disbursements.set(key, [...(this.disbursements.get(key) ?? []), { entryId, effectiveAt }]);
    }
    for (const { tenantId, entryId, successorId } of plan.superseded) {
      this.superseded.set(scopedKey(tenantId, entryId), successorId);
    }
    for (const { tenantId, ofEntryId, entryId } of plan.accrualDifferences) {
      this.differences.push({ tenantId, ofEntryId, entryId });
    }
    for (const one of plan.accrualCorrections) this.sentCorrections.set(scopedKey(one.tenantId, one.entryId), one);
    for (const { tenantId, entryId, accrual } of plan.accrualBatches) {
      this.batches.set(scopedKey(tenantId, entryId), accrual);
    }
    this.facts.take(plan);
    for (const { tenantId, loanId, ...change } of plan.nonAccruals) {
      const key = scopedKey(tenantId, loanId);
      this.nonAccruals.set(key, [...(this.nonAccruals.get(key) ?? []), change]);
    }
    for (const { tenantId, adjustmentId, judgedBy } of plan.verdicts) {
      this.verdicts.set(scopedKey(tenantId, adjustmentId), { verdict: 'posted', judgedBy });
    }
    this.#writeReversals(plan);
    this.#writeEntries(plan);
    this.interest.take(plan, this.entries.size);
    this.#writeLosses(plan);
    this.#writePeriods(plan);
    for (const delta of [...plan.accountDeltas.values()].flatMap((accounts) => [...accounts.values()])) {
      const key = `${delta.tenantId}${delta.account}${delta.currency}${delta.layer}${delta.effectiveAt}`;
      const known = this.accountDeltas.get(key);
      const sum = { ...delta };
      sum.debitMinor += known?.debitMinor ?? 0n;
      sum.creditMinor += known?.creditMinor ?? 0n;
      this.accountDeltas.set(key, sum);
    }
  }

  #writePeriods(plan: PostingPlan): void {
    for (const { tenantId, firstEntryId, entryId } of plan.following) {
      const key = scopedKey(tenantId, firstEntryId);
      this.following.set(key, [...(this.following.get(key) ?? []), entryId]);
    }
    for (const close of plan.periodCloses) this.periodCloses.set(scopedKey(close.tenantId, close.entryId), close);
  }

  #writeLosses(plan: PostingPlan): void {
    for (const { tenantId, loanId, loss } of plan.losses) {
      const key = scopedKey(tenantId, loanId);
      const entry = this.entries.get(scopedKey(tenantId, loss.entryId))?.entry;
      const arrival = this.#arrivalOf(tenantId, entry?.eventId ?? '');
      this.losses.set(key, [
        ...(this.losses.get(key) ?? []),
        { ...loss, seq: entry?.seq ?? null, arrival, recovered: [] },
      ]);
    }
    for (const { tenantId, loanId, entryId, turn, taken } of plan.recoveries) {
      const key = scopedKey(tenantId, loanId);
      this.recoveries.set(key, [...(this.recoveries.get(key) ?? []), { entryId, turn, taken }]);
    }
  }

  #arrivalOf(tenantId: string, eventId: string): bigint | null {
    return eventId === '' ? null : (this.entries.get(scopedKey(tenantId, firstEntryIdOf(eventId)))?.entry.seq ?? null);
  }

  #writeReversals(plan: PostingPlan): void {
    for (const { tenantId, reversedEntryId, entryId } of plan.reversals) {
      this.reversals.set(scopedKey(tenantId, reversedEntryId), entryId);
      const stands = ({ entryId: one }: { readonly entryId: string }) => one !== reversedEntryId;
      for (const [key, standing] of this.corrections) {
        if (!key.startsWith(tenantId)) continue;
        const left = standing.filter((one) => one.entryId !== reversedEntryId);
        if (left.length === 0) this.corrections.delete(key);
        else this.corrections.set(key, left);
      }
      for (const [key, standing] of this.disbursements) {
        if (key.startsWith(tenantId)) this.disbursements.set(key, standing.filter(stands));
      }
      for (const [key, standing] of this.nonAccruals) {
        if (key.startsWith(tenantId)) this.nonAccruals.set(key, standing.filter(stands));
      }
    }
  }

  #writeCorrections(plan: PostingPlan): void {
    const drafts = new Map(plan.entries.map((entry) => [entry.entryId, entry.draft]));
    for (const { tenantId, entryId, accrualEntryId, loans } of plan.accrualCorrections) {
      const { effectiveAt, lines } = drafts.get(entryId) ?? {};
      if (effectiveAt === undefined || lines === undefined) throw new Error(`${entryId} corrects without an entry`);
      if (plan.reversals.some((one) => one.tenantId === tenantId && one.reversedEntryId === entryId)) continue;
      const key = scopedKey(tenantId, accrualEntryId);
      const differences = new Map(loans.map((loan) => [loan.loanId, loan.differenceMinor]));
      this.corrections.set(key, [...(this.corrections.get(key) ?? []), { entryId, effectiveAt, lines, differences }]);
    }
  }

  #writeEntries(plan: PostingPlan): void {
    const corrected = new Map(plan.accrualCorrections.map((one) => [one.entryId, one]));
    this.#writeCorrections(plan);
    const batches = new Map(plan.accrualBatches.map((batch) => [batch.entryId, batch.accrual.loans]));
    for (const { tenantId, entryId, eventId, correlationId, draft } of plan.entries) {
      const named = draft.lines.flatMap((line) => (line.loanId === null ? [] : [line.loanId]));
      const accrued = batches.get(entryId);
      this.entries.set(scopedKey(tenantId, entryId), {
        entry: {
          ...draft,
          entryId,
          seq: BigInt(this.entries.size + 1),
          eventId,
          correlationId,
          postedAt: '2026-05-10T00:00:00.000000Z',
        },
        loanIds:
          (accrued ?? corrected.get(entryId)?.loans)?.map(({ loanId }) => loanId) ??
          (draft.loanId === null ? [...new Set([...named, ...(draft.unmovedLoanIds ?? [])])] : [draft.loanId]),
        accrued: accrued === undefined ? null : new Map(accrued.map((loan) => [loan.loanId, loan.interestMinor])),
        correctsEntryId: corrected.get(entryId)?.accrualEntryId ?? null,
      });
    }
  }
}

/** Components of every loan on every layer, as text to be compared. */
export function balancesOf(books: MemoryBooks): Record<string, unknown> {
  const words = (components: Components | null) => components && Object.values(components).map(String);
  return Object.fromEntries([...books.loans].map(([key, loan]) => [key, { ...loan, layers: loan.layers.map(words) }]));
}

function closed(state: TenantState, day: string | null): TenantState {
  return { ...state, closedThrough: day, configuration: { ...state.configuration, closedThrough: day } };
}

function rateFromTheBeginning(text: string): RateStep {
  const rate = parseAnnualRate(text);
  if (rate === undefined) throw new Error(`${text} is no rate`);
  return { from: '0001-01-01' as CalendarDate, rate };
}

function tenantState(tenant: BooksTenant): TenantState {
  const version = (programId: string, incomeAccount: number): ProgramVersion => ({
    programId,
    currency: null,
    version: 1,
    effectiveFrom: null,
    policy: {
      ...readPolicy(DEFAULT_PROGRAM_POLICY),
      backdating: tenant.backdating ?? 'append',
      annualRates: tenant.annualRate === undefined ? [] : [rateFromTheBeginning(tenant.annualRate)],
      principalCheck: programId === tenant.programId ? 'record' : 'reject',
      waterfall: programId === tenant.programId ? ['fees', 'interest', 'principal'] : ['principal', 'interest', 'fees'],
      returns: programId === tenant.programId ? 'mirror' : 'principal',
      feeIncomeAccounts: new Map([['late_fee', incomeAccount]]),
    },
  });
  return {
    businessDate: BUSINESS_DATE,
    closedThrough: null,
    configuration: {
      tenantId: tenant.tenantId,
      configEpoch: 1n,
      currency: 'USD',
      defaultProgramId: tenant.programId,
      closedThrough: null,
      programs: new Map([
        [tenant.programId, [version(tenant.programId, 4100)]],
        [tenant.otherProgramId, [version(tenant.otherProgramId, 4150)]],
      ]),
    },
  };
}
