import type { LoanStanding } from '../../src/domain/loan.ts';
import { standingAfterLosses } from '../../src/domain/loss.ts';
import type { Command } from '../../src/posting/command.ts';
import { envelope, loansOf, type Told } from './arrival-order.ts';
import { PROGRAM_IDS, runOf } from './arrival-order-events.ts';
import type { MemoryBooks } from './memory-books.ts';

/** The same with a run behind all that there is: what it posts tells how interest is counted until then. */
export function withLastRun<Of extends Pick<Told, 'books'>>(told: Of): Of {
  told.books.post(
    PROGRAM_IDS.map((programId, index): Command => {
      const portion = runOf(programId, '2026-05-09', loansOf(told.books.books, programId));
      return { ...envelope(5_000 + index), kind: 'accrual_run', portion };
    }),
  );
  return told;
}

/** What every loan is, every account, and every component of every loan, at every date and on every layer; places at zero are left out. */
export function ledgerByDate(books: MemoryBooks): Readonly<Record<string, string>> {
  const sums = new Map<string, bigint>();
  for (const { entry } of books.entries.values()) {
    for (const line of entry.lines) {
      for (const loan of line.loanId === null ? ['every loan'] : ['every loan', line.loanId]) {
        const place = `${entry.effectiveAt} layer ${line.layer ?? entry.layer} ${line.account} ${loan}`;
        sums.set(place, (sums.get(place) ?? 0n) + line.amountMinor);
      }
    }
  }
  const standings = [...books.loans.values()].map((loan) => {
    const [, losses = []] = [...books.lossesOf([loan])][0] ?? [];
    const kept = standingText(loan.standing);
    // What is known of each loss has to sum up to what the loan says of them.
    if (standingText(standingAfterLosses(loan.standing, losses)) !== kept)
      throw new Error(`${kept} is not by its losses`);
    return [loan.loanId, kept] as const;
  });
  const kept = [...sums].filter(([, sum]) => sum !== 0n).map(([place, sum]) => [place, sum.toString()] as const);
  return Object.fromEntries([...standings, ...kept].sort(([one], [other]) => (one < other ? -1 : 1)));
}

function standingText(standing: LoanStanding): string {
  return JSON.stringify(standing, (_name, value: unknown) => (typeof value === 'bigint' ? value.toString() : value));
}
