import type { HistoryProgram } from '../histories/history.ts';
import { NOWHERE, type Scenery, Stage } from '../histories/world.ts';
import { addDays } from './instant.ts';
import type { Books, Entry, Fact } from './model/reference/books.ts';
import type { Scene } from './scene.ts';

/** How far back a loan may begin that such a request makes, in days. */
const DAYS = 400;

/** A worker's loans as what the requests of generated histories are made from. */
export class SceneStage extends Stage {
  readonly #scene: Scene;

  constructor(scene: Scene) {
    super();
    this.#scene = scene;
  }

  get books(): Books {
    return this.#scene.ledger.books;
  }

  get history(): Scenery {
    const { businessDate, slots } = this.#scene;
    const programs: HistoryProgram[] = this.#scene.ledger.publicPrograms.flatMap(
      (id) => this.books.programs.get(id) ?? [],
    );
    const loanIds = slots.filter(({ giant }) => !giant).map(({ loanId }) => loanId);
    const firstDay = addDays(businessDate, -DAYS);
    return { programs, loanIds, firstDay, today: businessDate, isGiant: false, otherCurrency: 0.05 };
  }

  /** Another worker may not come upon it: what becomes of a loan between two steps has to be certain. */
  override freshLoanId(): string {
    return this.#scene.newSlot().loanId;
  }

  override strangeLoanId(): string {
    return this.#scene.newSlot().loanId;
  }

  override allFacts(): Fact[] {
    const { lives } = this.books.found;
    const facts = new Set(this.#scene.slots.flatMap(({ loanId }) => lives.get(loanId) ?? []));
    return [...facts].sort((left, right) => left.arrival - right.arrival);
  }

  override entries(): Entry[] {
    return [...new Set(this.#scene.slots.flatMap(({ loanId }) => this.books.journals.get(loanId) ?? []))];
  }

  override borrower(loanId: string): string {
    return this.#scene.slots.find((slot) => slot.loanId === loanId)?.borrowerId ?? NOWHERE;
  }

  override currency(loanId: string): string | undefined {
    return this.#scene.slots.find((slot) => slot.loanId === loanId)?.currency;
  }

  eventName(modelId: string): string {
    return this.#scene.ledger.eventNames.get(modelId) ?? NOWHERE;
  }

  entryName(modelId: string): string {
    const name = this.#scene.ledger.byModelId.get(modelId)?.entryId;
    return name === undefined || name === modelId ? NOWHERE : name;
  }
}
