import { addDays, daysBetween } from '../simulation/instant.ts';
import type { Fact } from '../simulation/model/reference/books.ts';
import type { LoanState } from '../simulation/model/reference/state.ts';
import type { Random } from '../simulation/random.ts';
import { NOWHERE, STRANGER, type Stage } from './world.ts';

/** What of a request can be sent as JSON. */
export type Body = Readonly<Record<string, unknown>>;

/** Picks what a request is about and how much it is for: mostly what may be accepted, now and then what may not. */
export class Hand {
  readonly world: Stage;
  readonly random: Random;
  readonly touched = new Set<string>();

  constructor(world: Stage, random: Random) {
    this.world = world;
    this.random = random;
  }

  /** Mostly the first loan; sometimes one that nothing has made. */
  loanId(): string {
    const { history, books } = this.world;
    const known = history.loanIds.filter((loanId) => books.loans.has(loanId));
    if (this.random.chance(0.015)) return this.world.strangeLoanId();
    if (this.random.chance(0.05)) return this.random.pick(history.loanIds);
    return this.random.chance(0.6)
      ? (known[0] ?? history.loanIds[0] ?? '')
      : this.random.pick(known.length > 0 ? known : history.loanIds);
  }

  /** Mostly a loan of which something holds, where there is one: an event that few loans can take finds one that can. */
  loanThat(holds: (state: LoanState) => boolean): string {
    const { history } = this.world;
    const fit = history.loanIds.filter((loanId) => {
      const state = this.world.present(loanId);
      return state !== undefined && holds(state);
    });
    return fit.length > 0 && this.random.chance(0.6) ? this.random.pick(fit) : this.loanId();
  }

  /** A day of the history, by turns the latest, any other, today; seldom one that no event can have. */
  day(loanId: string): string {
    const { random, world } = this;
    const { today } = world.history;
    const firstDay = world.firstDay(loanId);
    const latest = world.latestDay(loanId);
    switch (random.weighted({ latest: 25, later: 25, any: 40, today: 5, future: 2, early: 3 })) {
      case 'latest':
        return latest;
      case 'later':
        return between(random, latest, today);
      case 'any':
        return between(random, firstDay, latest > firstDay ? latest : today);
      case 'today':
        return today;
      case 'future':
        return addDays(today, 1 + random.below(3));
      case 'early':
        return addDays(firstDay, -1 - random.below(5));
    }
  }

  /** A day on or after the one given; seldom before it, or in the future. */
  dayFrom(day: string): string {
    const { random, world } = this;
    const { today } = world.history;
    switch (random.weighted({ same: 25, soon: 35, later: 33, before: 4, future: 3 })) {
      case 'same':
        return day;
      case 'soon':
        return atMost(addDays(day, 1 + random.below(4)), today);
      case 'later':
        return between(random, day, today);
      case 'before':
        return addDays(day, -1 - random.below(3));
      case 'future':
        return addDays(today, 1);
    }
  }

  /** Small, exactly one of the amounts given, or one more; near the greatest in giant histories. */
  amount(...near: readonly bigint[]): string {
    const { random, world } = this;
    if (world.history.isGiant && random.chance(0.4)) return (10n ** 18n - 1n - BigInt(random.below(300))).toString();
    const some = near.filter((amount) => amount > 0n);
    const kind = some.length === 0 ? 'small' : random.weighted({ small: 50, exact: 25, part: 20, more: 5 });
    if (kind === 'small') return (1 + random.below(random.chance(0.5) ? 40 : 300)).toString();
    const amount = random.pick(some);
    if (kind === 'exact') return amount.toString();
    return (kind === 'more' ? amount + 1n : random.amount(1n, amount)).toString();
  }

  borrower(loanId: string): string {
    return this.random.chance(0.98) ? this.world.borrower(loanId) : STRANGER;
  }

  currency(loanId: string): string {
    const own = this.world.currency(loanId) ?? this.newCurrency();
    return this.random.chance(0.98) ? own : own === 'USD' ? 'JPY' : 'USD';
  }

  /** Of a loan that may have any. */
  newCurrency(): string {
    return this.random.chance(this.world.history.otherCurrency) ? 'EUR' : 'USD';
  }

  /** Whose, how much and when. */
  money(loanId: string, amountMinor: string): Body {
    return {
      loan_id: loanId,
      amount_minor: amountMinor,
      currency: this.currency(loanId),
      effective_at: this.day(loanId),
    };
  }

  maybe(probability: number, more: Body): Body {
    return this.random.chance(probability) ? more : {};
  }

  /** A fact of those kinds and its name; seldom a name of nothing, or of another event. */
  about(...kinds: readonly string[]): { readonly fact: Fact | undefined; readonly name: string } | undefined {
    const { random, world } = this;
    const facts = world.factsOf(...kinds);
    if (random.chance(0.02)) return { fact: undefined, name: NOWHERE };
    const others = random.chance(0.02) ? world.factsOf() : facts;
    // What happened lately is what events are mostly about.
    const fact = random.chance(0.5) ? others.at(-1 - random.below(4)) : others[random.below(others.length)];
    return fact === undefined ? undefined : this.named(fact);
  }

  /** A fact with its name; its loans are touched by whatever is about it. */
  named(fact: Fact): { readonly fact: Fact; readonly name: string } {
    for (const loanId of fact.loanIds) this.touched.add(loanId);
    return { fact, name: this.world.eventName(fact.eventId) };
  }

  /** An amount's parts by component, mostly as much as there is. */
  split(has: Readonly<Record<'fees' | 'interest' | 'principal', bigint>>): {
    readonly parts: Body;
    readonly sum: bigint;
  } {
    const { random } = this;
    const parts: Record<string, string> = {};
    let sum = 0n;
    for (const name of ['fees', 'interest', 'principal', 'suspense'] as const) {
      const most = name === 'suspense' ? 20n : has[name];
      if (random.chance(0.4)) continue;
      const amount = random.chance(0.05) ? most + 1n : random.amount(0n, most);
      parts[`${name}_minor`] = amount.toString();
      sum += amount;
    }
    return { parts, sum };
  }
}

function between(random: Random, from: string, to: string): string {
  return from >= to ? to : addDays(from, random.below(daysBetween({ from, to }) + 1));
}

function atMost(day: string, last: string): string {
  return day > last ? last : day;
}
