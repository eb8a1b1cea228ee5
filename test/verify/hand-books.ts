import { createHash } from 'node:crypto';
import { type HandEntry, type HandLine, type Lost, receiptVersionOf } from './hand-entry.ts';
import { eventInputOf } from './hand-input.ts';

type Row = Record<string, unknown>;
type Movement = {
  readonly layer: number;
  readonly on: string;
  readonly frontier: string;
  readonly effect: readonly number[];
  readonly postedAt: string;
};

const COMPONENT_OF_ACCOUNT = new Map([
  [1100, 0],
  [1200, 1],
  [1300, 2],
  [2100, 3],
  [9100, 4],
]);
const COMPONENT_COLUMNS = ['principal_minor', 'interest_minor', 'fees_minor', 'suspense_minor', 'memo_interest_minor'];
const CHART = new Map([
  [1000, 'asset'],
  [1010, 'asset'],
  [1100, 'asset'],
  [1200, 'asset'],
  [1300, 'asset'],
  [1900, 'contra_asset'],
  [2000, 'liability'],
  [2100, 'liability'],
  [3000, 'equity'],
  [3900, 'equity'],
  [4000, 'income'],
  [4100, 'income'],
  [4200, 'income'],
  [4900, 'contra_income'],
  [4910, 'contra_income'],
  [5000, 'expense'],
  [9100, 'memo_debit'],
  [9200, 'memo_credit'],
]);

/** The entries by their names below, filled as they are made. */
const made = new Map<string, { readonly id: string; readonly seq: number }>();

/** The id of an entry of the hand-made ledger. */
export function entryId(name: string): string {
  return madeEntry(name).id;
}

/** The place of an entry of the hand-made ledger among its tenant's. */
export function entrySeq(name: string): number {
  return madeEntry(name).seq;
}

function madeEntry(name: string): { readonly id: string; readonly seq: number } {
  const entry = made.get(name);
  if (entry === undefined) throw new Error(`the hand-made ledger has no entry ${name}`);
  return entry;
}

function returnedParts({ payment, parts }: NonNullable<HandEntry['returns']>): Row {
  const [fees_minor, interest_minor, principal_minor, suspense_minor] = parts;
  return { payment_entry_id: entryId(payment), fees_minor, interest_minor, principal_minor, suspense_minor };
}

function layerOf([, , , layer]: HandLine, entry: HandEntry): number {
  return layer ?? entry.layer ?? 0;
}

function plus(a: readonly number[], b: readonly number[]): number[] {
  return a.map((value, index) => value + (b[index] ?? 0));
}

function componentColumns(values: readonly number[]): Row {
  return Object.fromEntries(COMPONENT_COLUMNS.map((column, index) => [column, values[index]]));
}

function firstHalfOfSha256(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

function payloadHashOf(key: string): string {
  return firstHalfOfSha256(`payload of ${key}`);
}

/**
 * The books of one tenant, kept by hand: each batch of entries adds the rows that a correct ledger has after it. Written
 * from the migrations' comments and from nothing that posts, so that `verify` is tested against a second opinion.
 */
export class HandBooks {
  readonly rows = new Map<string, Row[]>();
  readonly #tenant: { id: string; currency: string; borrower: string; program: string; number: number };
  #seq = 0;
  #batches = 0;
  #postedAt = '2026-05-01T12:00:00Z';
  readonly #entries = new Map<string, Row>();
  readonly #balances = new Map<string, number[]>();
  readonly #history = new Map<string, { count: number; frontier: string | null; movements: Movement[] }>();

  constructor(tenant: { id: string; currency: string; number: number }) {
    const number = tenant.number.toString(16);
    this.#tenant = {
      ...tenant,
      borrower: `20000000-0000-4000-8000-00000000000${number}`,
      program: `30000000-0000-4000-8000-00000000000${number}`,
    };
    const { id, currency, program } = this.#tenant;
    const configured = { tenant_id: id, created_at: '2026-01-01T00:00:00Z' };
    this.#add('tenant', {
      ...configured,
      name: `Lender ${number}`,
      timezone: 'UTC',
      fiscal_year_end_month: 12,
      currency,
      default_program_id: program,
    });
    this.#add('program', { ...configured, program_id: program, name: 'Default' });
    this.#add('program_version', { ...configured, program_id: program, version: 1, policy: { fee_types: [] } });
    for (const [code, type] of CHART)
      this.#add('account', { ...configured, account_code: code, name: `Account ${code}`, type });
  }

  /** Posts entries as one batch: one posted_at, one set of account deltas. */
  batch(...entries: readonly HandEntry[]): void {
    this.#batches += 1;
    this.#postedAt = new Date(Date.UTC(2026, 4, 1, 12, 0, this.#batches)).toISOString();
    const deltas = new Map<string, Row & { debit_minor: number; credit_minor: number }>();
    for (const entry of entries) this.#post(entry, deltas);
    for (const delta of deltas.values()) {
      this.#add('account_delta', { ...delta, seq: this.#seq, entries: entries.length, posted_at: this.#postedAt });
    }
  }

  /** The rows that are written once at the end: head, loans, as-of corrections. */
  close(): void {
    const tenant_id = this.#tenant.id;
    this.#add('tenant_head', { tenant_id, seq: this.#seq, posted_at: this.#postedAt, config_epoch: 1 });
    const reversed = new Set((this.rows.get('reversal') ?? []).map((row) => row['reversed_entry_id']));
    const standing = (this.rows.get('disbursement') ?? []).filter((row) => !reversed.has(row['entry_id']));
    for (const [loan, history] of this.#history) {
      const first = standing.filter((row) => row['loan_id'] === loan).map((row) => String(row['effective_at']));
      this.#add('loan', {
        tenant_id,
        loan_id: loan,
        borrower_id: this.#tenant.borrower,
        currency: this.#tenant.currency,
        program_id: this.#tenant.program,
        first_disbursed_on: first.sort()[0] ?? null,
        loan_seq: history.count,
        frontier: history.frontier,
        ...componentColumns(this.#balances.get(`${loan} 0`) ?? [0, 0, 0, 0, 0]),
        pending_minor: this.#balances.get(`${loan} 1`) ?? null,
        standing: this.#standingOf(loan, reversed),
      });
      this.#addBackdating(loan, history.movements);
    }
    const months = new Map<string, Row & { days: number }>();
    for (const batch of this.rows.get('accrual_batch') ?? []) {
      if (reversed.has(batch['entry_id'])) continue;
      const date = String(batch['accrual_date']);
      for (const loan of batch['loan_ids'] as string[]) {
        const row = months.get(loan + date.slice(0, 7)) ?? {
          tenant_id,
          loan_id: loan,
          month: `${date.slice(0, 7)}-01`,
          days: 0,
        };
        row.days += 2 ** (Number(date.slice(8)) - 1);
        months.set(loan + date.slice(0, 7), row);
      }
    }
    for (const row of months.values()) this.#add('loan_accrual_month', row);
  }

  /** What stands as charged off and recovered, and since when the loan is on non-accrual; null where there is nothing to say. */
  #standingOf(loan: string, reversed: ReadonlySet<unknown>): Row | null {
    const rowsOf = (table: string) =>
      (this.rows.get(table) ?? []).filter((row) => row['loan_id'] === loan && !reversed.has(row['entry_id']));
    const [losses, recoveries] = [rowsOf('loan_loss'), rowsOf('loan_recovery')];
    const mark = rowsOf('non_accrual').at(-1);
    const since = mark?.['action'] === 'enter' ? mark['effective_at'] : null;
    if (losses.length === 0 && since === null) return null;
    const sum = (rows: readonly Row[], column: string) =>
      String(rows.reduce((total, row) => total + Number(row[column]), 0));
    const [charged_off_minor, recovered_minor] = [losses, recoveries].map((rows) => ({
      principal: sum(rows, 'principal_minor'),
      interest: sum(rows, 'interest_minor'),
      fees: sum(rows, 'fees_minor'),
    }));
    const closing = losses.find((row) => row['closes_loan'] === true);
    return {
      status: closing === undefined ? 'active' : 'charged_off',
      loss_account: closing?.['principal_account'] ?? null,
      charged_off_minor,
      recovered_minor,
      non_accrual_since: since,
    };
  }

  #addLosses({ loses, recovers }: HandEntry, by: { readonly loan: string | null; readonly id: string }): void {
    const columns = ([principal_minor, interest_minor, fees_minor]: Lost) => ({
      tenant_id: this.#tenant.id,
      loan_id: by.loan,
      entry_id: by.id,
      turn: 1,
      ...{ principal_minor, interest_minor, fees_minor },
    });
    if (loses !== undefined) {
      const { amounts, account, closes } = loses;
      this.#add('loan_loss', { ...columns(amounts), principal_account: account, closes_loan: closes });
    }
    for (const [loss, amounts] of recovers ?? []) {
      const loss_entry_id = this.#entries.get(loss)?.['entry_id'];
      this.#add('loan_recovery', { ...columns(amounts), loss_entry_id });
    }
  }

  #post(entry: HandEntry, deltas: Map<string, Row & { debit_minor: number; credit_minor: number }>): void {
    this.#seq += 1;
    const tenant_id = this.#tenant.id;
    const first = entry.follows === undefined ? undefined : this.#entries.get(entry.follows);
    const stem = `01900000-0000-7000-8000-${this.#tenant.number.toString(16)}${this.#seq.toString(16).padStart(10, '0')}`;
    const replaced = entry.again === undefined ? undefined : this.#entries.get(entry.again);
    const changed = entry.differenceOf === undefined ? undefined : this.#entries.get(entry.differenceOf);
    const rebooked = replaced ?? changed;
    const id = rebooked === undefined ? `${stem}0` : `${stem}2`;
    const event = rebooked?.['event_id'] ?? `${stem}1`;
    const reversed = entry.reverses === undefined ? undefined : this.#entries.get(entry.reverses);
    const corrected = entry.corrects === undefined ? undefined : this.#entries.get(entry.corrects.batch);
    const named = entry.loan === undefined ? entry.lines.map(([, , loan]) => loan ?? null) : [entry.loan];
    const loans = [...new Set(named)];
    const single = loans.length === 1 ? (loans[0] ?? null) : null;
    const key = first === undefined ? `${entry.type}:${this.#tenant.number}:${entry.name}` : null;
    const several = loans.length > 1;
    const layered = entry.lines.some(([, , , layer]) => layer !== undefined);
    const row: Row = {
      tenant_id,
      entry_id: id,
      seq: this.#seq,
      event_id: event,
      correlation_id:
        first?.['correlation_id'] ??
        reversed?.['correlation_id'] ??
        corrected?.['correlation_id'] ??
        entry.adjusts ??
        event,
      reverses_entry_id: reversed?.['entry_id'] ?? null,
      posted_at: this.#postedAt,
      effective_at: entry.on,
      event_type: entry.type,
      layer: layered ? null : (entry.layer ?? 0),
      layers: layered ? entry.lines.map((line) => layerOf(line, entry)) : null,
      currency: this.#tenant.currency,
      loan_id: single,
      borrower_id: single === null ? null : this.#tenant.borrower,
      accounts: entry.lines.map(([account]) => account),
      amounts: entry.lines.map(([, amount]) => amount),
      loan_ids: several ? entry.lines.map(([, , loan]) => loan ?? null) : null,
      borrower_ids: several
        ? entry.lines.map(([, , loan]) => (loan === undefined ? null : this.#tenant.borrower))
        : null,
      actor: 'hand',
      idempotency_key: key,
      payload_hash: key === null ? null : payloadHashOf(key),
    };
    const eventIds = new Map([...this.#entries].map(([name, { event_id }]) => [name, event_id]));
    row['event_input'] = JSON.stringify(eventInputOf(entry, { ...this.#tenant, eventIds }));
    this.#entries.set(entry.name, row);
    made.set(entry.name, { id, seq: this.#seq });
    this.#add('journal_entry', row);
    if (key !== null) this.#addKey(key, { id, receiptVersion: receiptVersionOf(entry) });
    if (first !== undefined) {
      const before = (this.rows.get('following_entry') ?? []).filter(
        (row) => row['first_entry_id'] === first['entry_id'],
      );
      const place = before.length + 1;
      this.#add('following_entry', { tenant_id, first_entry_id: first['entry_id'], place, entry_id: id });
    }
    if (replaced !== undefined)
      this.#add('superseded_entry', { tenant_id, entry_id: replaced['entry_id'], successor_id: id });
    if (changed !== undefined)
      this.#add('accrual_difference', { tenant_id, of_entry_id: changed['entry_id'], entry_id: id });
    if (reversed !== undefined)
      this.#add('reversal', { tenant_id, reversed_entry_id: reversed['entry_id'], entry_id: id });
    if (entry.registers !== undefined) {
      const dates = { opening_as_of: entry.on, accrued_through: entry.on };
      this.#add('loan_registration', { tenant_id, loan_id: single, entry_id: id, annual_rate: '0.08', ...dates });
    }
    if (entry.differs !== undefined) {
      const [loan_id, ledger_minor] = entry.differs;
      const difference = { currency: this.#tenant.currency, accrual_date: entry.on, sent_minor: 0, ledger_minor };
      this.#add('principal_difference', { tenant_id, entry_id: id, loan_id, ...difference });
    }
    const begins = { tenant_id, loan_id: entry.makes ?? single, entry_id: id, effective_at: entry.on };
    if (entry.type === 'disbursement' || (entry.registers ?? entry.makes) !== undefined)
      this.#add('disbursement', begins);
    if (entry.action !== undefined) {
      const change = { effective_at: entry.on, action: entry.action };
      this.#add('non_accrual', { tenant_id, loan_id: single, entry_id: id, ...change });
    }
    this.#addFacts(entry, id);
    this.#addLosses(entry, { loan: single, id });
    if (entry.closes !== undefined)
      this.#add('period_close', { tenant_id, entry_id: id, closed_through: entry.closes });
    if (entry.accrues !== undefined) this.#addAccrual(entry.accrues, { id, on: entry.on, run: entry.run });
    if (corrected !== undefined) this.#addCorrection(entry, { id, accrual: corrected['entry_id'] });
    if (entry.adjusts !== undefined) this.#addAdjustment(row, entry.adjusts);
    const layers = entry.lines.length === 0 ? [entry.layer ?? 0] : entry.lines.map((line) => layerOf(line, entry));
    for (const layer of new Set(layers)) this.#move(entry, id, { single, layer });
    for (const line of entry.lines) {
      const [account, amount] = line;
      const layer = layerOf(line, entry);
      const name = `${account} ${layer} ${entry.on}`;
      const delta = deltas.get(name) ?? {
        tenant_id,
        account_code: account,
        currency: this.#tenant.currency,
        layer,
        effective_at: entry.on,
        debit_minor: 0,
        credit_minor: 0,
      };
      if (amount > 0) delta.debit_minor += amount;
      else delta.credit_minor -= amount;
      deltas.set(name, delta);
    }
  }

  #addFacts({ settles, clears, returns }: HandEntry, id: string): void {
    const fact = { tenant_id: this.#tenant.id, turn: 1, entry_id: id };
    if (settles !== undefined) this.#add('settling', { ...fact, pending_entry_id: entryId(settles) });
    for (const cleared of clears ?? []) this.#add('clearing', { ...fact, cleared_entry_id: entryId(cleared) });
    if (returns !== undefined) this.#add('payment_return', { ...fact, ...returnedParts(returns) });
  }

  #addKey(key: string, entry: { readonly id: string; readonly receiptVersion: number }): void {
    const key_hash = firstHalfOfSha256(key);
    this.#add('idempotency_key', {
      tenant_id: this.#tenant.id,
      key_hash,
      payload_hash: payloadHashOf(key),
      entry_id: entry.id,
      receipt_version: entry.receiptVersion,
    });
  }

  #addCorrection({ corrects, on }: HandEntry, { id, accrual }: { id: string; accrual: unknown }): void {
    const loans = corrects?.loans ?? [];
    for (const [loan_id, , difference] of loans) {
      if (difference === 0) this.#meet(loan_id, { id, on });
    }
    this.#add('accrual_correction', {
      tenant_id: this.#tenant.id,
      accrual_entry_id: accrual,
      entry_id: id,
      loan_ids: loans.map(([loan]) => loan),
      interest_minor: loans.map(([, interest]) => interest),
      difference_minor: loans.map(([, , difference]) => difference),
    });
  }

  /** Proposed by somebody else, and approved as the entry was posted. */
  #addAdjustment(entry: Row, adjustment_id: string): void {
    const tenant_id = this.#tenant.id;
    const accounts = entry['accounts'] as number[];
    this.#add('adjustment', {
      tenant_id,
      adjustment_id,
      proposed_by: 'another hand',
      proposed_at: '2026-05-01T11:00:00Z',
      effective_at: entry['effective_at'],
      reason_code: 'other',
      accounts,
      amounts: entry['amounts'],
      currencies: accounts.map(() => entry['currency']),
      layers: accounts.map(() => entry['layer']),
      loan_ids: entry['loan_ids'] ?? accounts.map(() => entry['loan_id']),
    });
    const { entry_id, posted_at } = entry as { entry_id: string; posted_at: string };
    this.#add('adjustment_verdict', {
      tenant_id,
      adjustment_id,
      verdict: 'posted',
      judged_by: 'hand',
      judged_at: posted_at,
      entry_id,
    });
  }

  #addAccrual(
    accrues: readonly (readonly [string, number])[],
    entry: { id: string; on: string; run: string | undefined },
  ): void {
    for (const [loan_id, interest] of accrues) {
      if (interest === 0) this.#meet(loan_id, entry);
    }
    this.#add('accrual_batch', {
      tenant_id: this.#tenant.id,
      entry_id: entry.id,
      program_id: this.#tenant.program,
      accrual_date: entry.on,
      day_count_convention: 'ACT_365',
      loan_ids: accrues.map(([loan]) => loan),
      outstanding_principal_minor: accrues.map(() => 0),
      interest_minor: accrues.map(([, interest]) => interest),
      exact_interest: entry.run === undefined ? null : ['1/3'],
    });
  }

  /** An entry that is about a loan and does not move it. */
  #meet(loan: string, { id, on }: { readonly id: string; readonly on: string }): void {
    const history = this.#history.get(loan) ?? { count: 0, frontier: null, movements: [] };
    history.frontier = history.frontier === null || on > history.frontier ? on : history.frontier;
    this.#history.set(loan, history);
    const tenant_id = this.#tenant.id;
    this.#add('loan_unmoved_event', {
      tenant_id,
      loan_id: loan,
      entry_id: id,
      effective_at: on,
      loan_seq: history.count,
    });
  }

  #move(entry: HandEntry, id: string, { single, layer }: { single: string | null; layer: number }): void {
    const effects = new Map<string, number[]>();
    for (const line of entry.lines) {
      const [account, amount, loan] = line;
      if (layerOf(line, entry) !== layer) continue;
      const component = COMPONENT_OF_ACCOUNT.get(account);
      if (component === undefined || loan === undefined) continue;
      const effect = effects.get(loan) ?? [0, 0, 0, 0, 0];
      effect[component] = (effect[component] ?? 0) + (account === 2100 ? -amount : amount);
      effects.set(loan, effect);
    }
    // An entry of one loan belongs to its history, whatever its lines are.
    if (single !== null && effects.size === 0) effects.set(single, [0, 0, 0, 0, 0]);
    for (const [loan, effect] of effects) {
      const history = this.#history.get(loan) ?? { count: 0, frontier: null, movements: [] };
      history.count += 1;
      const frontier = history.frontier === null || entry.on > history.frontier ? entry.on : history.frontier;
      history.frontier = frontier;
      history.movements.push({ layer, on: entry.on, frontier, effect, postedAt: this.#postedAt });
      this.#history.set(loan, history);
      const after = plus(this.#balances.get(`${loan} ${layer}`) ?? [0, 0, 0, 0, 0], effect);
      this.#balances.set(`${loan} ${layer}`, after);
      this.#add('loan_movement', {
        tenant_id: this.#tenant.id,
        loan_id: loan,
        layer,
        frontier,
        loan_seq: history.count,
        effective_at: entry.on,
        posted_at: this.#postedAt,
        entry_id: id,
        ...componentColumns(after),
        backdated_minor: entry.on < frontier ? effect : null,
      });
    }
  }

  #addBackdating(loan: string, movements: readonly Movement[]): void {
    const backdated = movements.filter((movement) => movement.on < movement.frontier);
    for (const layer of [0, 1]) {
      const there = backdated.filter((movement) => movement.layer === layer);
      for (const day of new Set(there.flatMap((movement) => [movement.on, movement.frontier]))) {
        const inForce = there.filter((movement) => movement.on <= day && day < movement.frontier);
        const sum = inForce.reduce<readonly number[]>(
          (total, movement) => plus(total, movement.effect),
          [0, 0, 0, 0, 0],
        );
        this.#add('loan_backdating', {
          tenant_id: this.#tenant.id,
          loan_id: loan,
          layer,
          from_day: day,
          ...componentColumns(sum),
          last_posted_at: inForce.at(-1)?.postedAt ?? null,
        });
      }
    }
  }

  #add(table: string, row: Row): void {
    const rows = this.rows.get(table);
    if (rows === undefined) this.rows.set(table, [row]);
    else rows.push(row);
  }
}
