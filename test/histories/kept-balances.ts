import type { Components } from '../../src/domain/loan.ts';
import type { PlannedAccountDelta, PlannedMovement } from '../../src/posting/posting-plan.ts';
import type { Answered } from './ledger-in-memory.ts';

/** Components of a loan on one layer, in the order of the books. */
const COMPONENT_NAMES = ['principal', 'interest', 'fees', 'suspense', 'memoInterest'] as const;

/** The control account of each component, and the sign of a debit there. */
const CONTROLLED = [
  { account: 1100, sign: 1n },
  { account: 1200, sign: 1n },
  { account: 1300, sign: 1n },
  { account: 2100, sign: -1n },
  { account: 9100, sign: 1n },
] as const;

/** Which past is asked for; layers by number. */
export interface KeptPast {
  readonly day: string;
  /** Undefined: everything known now. */
  readonly knownAt: string | undefined;
  readonly layer: number;
}

/**
 * The rows that the ledger keeps to answer balances of any date as known at any instant, read as decision 2 says: the last
 * movement whose frontier lies on or before the day, and what backdated movements add to that day.
 */
export class KeptBalances {
  readonly #movements = new Map<string, { readonly postedAt: string; readonly movement: PlannedMovement }[]>();
  readonly #deltas: { readonly postedAt: string; readonly delta: PlannedAccountDelta }[] = [];
  readonly #days = new Set<string>();
  readonly #instants = new Set<string>();

  /** Takes over the rows of an accepted request. */
  take({ postedAt, movements, accountDeltas }: Pick<Answered, 'postedAt' | 'movements' | 'accountDeltas'>): void {
    for (const movement of movements) {
      const own = this.#movements.get(movement.loanId) ?? [];
      own.push({ postedAt, movement });
      this.#movements.set(movement.loanId, own);
    }
    for (const delta of accountDeltas) {
      this.#deltas.push({ postedAt, delta });
      this.#days.add(delta.effectiveAt);
    }
    if (accountDeltas.length > 0) this.#instants.add(postedAt);
  }

  /** A loan's components. */
  loan(loanId: string, { day, knownAt, layer }: KeptPast): Components {
    const sum = { principal: 0n, interest: 0n, fees: 0n, suspense: 0n, memoInterest: 0n };
    let last: PlannedMovement | undefined;
    for (const { postedAt, movement } of this.#movements.get(loanId) ?? []) {
      if (movement.layer !== layer || (knownAt !== undefined && postedAt > knownAt)) continue;
      if (movement.frontier <= day) last = movement;
      else if (movement.backdatedEffect !== null && movement.effectiveAt <= day) add(sum, movement.backdatedEffect);
    }
    if (last !== undefined) add(sum, last.after);
    return sum;
  }

  /** An account's debits and credits. */
  account(
    account: number,
    currency: string,
    { day, knownAt, layer }: KeptPast,
  ): { debitMinor: bigint; creditMinor: bigint } {
    const total = { debitMinor: 0n, creditMinor: 0n };
    for (const { postedAt, delta } of this.#deltas) {
      if (delta.account !== account || delta.currency !== currency || delta.layer !== layer) continue;
      if (delta.effectiveAt > day || (knownAt !== undefined && postedAt > knownAt)) continue;
      total.debitMinor += delta.debitMinor;
      total.creditMinor += delta.creditMinor;
    }
    return total;
  }

  /** The control accounts that differ from the sum of the loans of one currency: on every layer, at every date and instant. */
  untied(currencyOf: (loanId: string) => string | undefined): string[] {
    const currencies = new Set(this.#deltas.map(({ delta }) => delta.currency));
    const layers = new Set(this.#deltas.map(({ delta }) => delta.layer));
    const found: string[] = [];
    for (const currency of currencies) {
      const loans = [...this.#movements.keys()].filter((loanId) => currencyOf(loanId) === currency);
      for (const layer of layers) found.push(...this.#untiedOn({ currency, layer, loans }));
    }
    return found;
  }

  #untiedOn(where: { readonly currency: string; readonly layer: number; readonly loans: readonly string[] }): string[] {
    const { currency, layer, loans } = where;
    const found: string[] = [];
    const days = [...this.#days].sort();
    // Of each day, what the entries known so far have put on the control accounts.
    const accounts = new Map(days.map((day) => [day, CONTROLLED.map(() => 0n)]));
    let at = 0;
    for (const knownAt of this.#instants) {
      for (let next = this.#deltas[at]; next?.postedAt === knownAt; next = this.#deltas[at]) {
        const { delta } = next;
        at += 1;
        if (delta.currency !== currency || delta.layer !== layer) continue;
        const place = CONTROLLED.findIndex(({ account }) => account === delta.account);
        if (place < 0) continue;
        const net = (delta.debitMinor - delta.creditMinor) * (CONTROLLED[place]?.sign ?? 1n);
        for (const [day, sums] of accounts) if (day >= delta.effectiveAt) sums[place] = (sums[place] ?? 0n) + net;
      }
      for (const [day, sums] of accounts) {
        const all = loans.map((loanId) => this.loan(loanId, { day, knownAt, layer }));
        COMPONENT_NAMES.forEach((name, place) => {
          const loansMinor = all.reduce((sum, components) => sum + components[name], 0n);
          if (loansMinor === sums[place]) return;
          found.push(
            `${CONTROLLED[place]?.account} ${currency} layer ${layer} ${day} known at ${knownAt}: ${sums[place]}, loans ${loansMinor}`,
          );
        });
      }
    }
    return found;
  }
}

function add(sum: Components, effect: Components): void {
  for (const name of COMPONENT_NAMES) sum[name] += effect[name];
}
