import { type DraftLine, effectOfLines } from '../../src/domain/journal-entry.ts';
import { LAYERS, type LayerNumber } from '../../src/domain/layer.ts';
import { addComponents, type Components, noComponents } from '../../src/domain/loan.ts';
import type { Command } from '../../src/posting/command.ts';
import type { DecidedBatch } from '../../src/posting/decide-batch.ts';
import type { LedgerState } from '../../src/posting/ledger-state.ts';
import { KeptBalances } from '../histories/kept-balances.ts';
import type { MemoryBooks } from './memory-books.ts';

/**
 * Books of one tenant, with what the ledger keeps to answer balances of any date as known at any instant. Each call of `post`
 * is an instant of its own.
 */
export class WatchedBooks {
  readonly books: MemoryBooks;
  readonly #kept = new KeptBalances();
  #instants = 0;

  constructor(books: MemoryBooks) {
    this.books = books;
  }

  /** As MemoryBooks.post does it. */
  post(commands: readonly Command[], again: LedgerState['again'] = undefined): DecidedBatch {
    const decided = this.books.post(commands, again);
    const { movements, accountDeltas } = decided.plan;
    if (movements.length > 0 || accountDeltas.size > 0) {
      this.#instants += 1;
      this.#kept.take({
        postedAt: String(this.#instants).padStart(8, '0'),
        movements,
        accountDeltas: [...accountDeltas.values()].flatMap((accounts) => [...accounts.values()]),
      });
    }
    return decided;
  }

  /**
   * Where a control account is not the sum of its loans, on any layer, at any date and instant; and where a loan's balance of any
   * date and layer is not the fold of its lines. Empty when the books tie.
   */
  untied(): string[] {
    const currencyOf = (loanId: string) =>
      [...this.books.loans.values()].find((loan) => loan.loanId === loanId)?.currency ?? undefined;
    return [...this.#kept.untied(currencyOf), ...this.#unfolded()];
  }

  #unfolded(): string[] {
    const found: string[] = [];
    const days = new Set([...this.books.entries.values()].map(({ entry }) => entry.effectiveAt));
    for (const { loanId } of this.books.loans.values()) {
      const effects = this.#effectsOn(loanId);
      for (const layer of LAYERS.keys()) {
        const folded = noComponents();
        for (const day of [...days].sort()) {
          for (const effect of effects.get(`${day} ${layer}`) ?? []) addComponents(folded, effect);
          const kept = this.#kept.loan(loanId, { day, knownAt: undefined, layer });
          if (textOf(kept) !== textOf(folded)) {
            found.push(`loan ${loanId} layer ${layer} ${day}: ${textOf(kept)}, its lines ${textOf(folded)}`);
          }
        }
      }
    }
    return found;
  }

  #effectsOn(loanId: string): ReadonlyMap<string, readonly Components[]> {
    const effects = new Map<string, Components[]>();
    for (const { entry } of this.books.entries.values()) {
      for (const [layer, lines] of Map.groupBy(entry.lines, (line): LayerNumber => line.layer ?? entry.layer)) {
        const own: readonly DraftLine[] = lines.filter((line) => line.loanId === loanId);
        const place = `${entry.effectiveAt} ${layer}`;
        if (own.length > 0) effects.set(place, [...(effects.get(place) ?? []), effectOfLines(own)]);
      }
    }
    return effects;
  }
}

function textOf(components: Components): string {
  return Object.values(components).join(' ');
}
