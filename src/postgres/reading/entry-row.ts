/** An entry as it was posted, with the entries that undid or replaced it, and the lines of it that were asked for. */
export type JournalEntryView = {
  readonly entryId: string;
  readonly eventType: string;
  readonly effectiveAt: string;
  readonly postedAt: string;
  readonly correlationId: string;
  readonly reversesEntryId: string | null;
  readonly reversedByEntryId: string | null;
  readonly supersededByEntryId: string | null;
  readonly description: string | null;
  readonly actor: string;
  /** JSON text as it came, or null. */
  readonly metadata: string | null;
  readonly linesTotal: number;
  readonly lines: readonly JournalLineView[];
  /** The number of the line after the last one shown; null at the end, and when lines were picked out. */
  readonly nextLine: number | null;
};

/** A line; `amountMinor` is signed, a debit positive. */
export type JournalLineView = {
  readonly sequence: number;
  readonly account: number;
  readonly amountMinor: bigint;
  readonly currency: string;
  readonly layer: number;
  readonly loanId: string | null;
  readonly borrowerId: string | null;
  readonly externalRef: string | null;
};

/**
 * The columns of an entry `e` of tenant $1 that `entryOf` reads. The entry that reversed it is looked up as a value: written
 * as a join it was planned, while the tenant had no reversal yet, as a walk over all of them for each entry. `picked` makes the wanted part of one of the
 * line arrays, `sequences` the numbers of these lines (NULL: they follow each other, from a first one).
 */
export function entryColumns(picked: (array: string) => string, sequences = 'NULL::int[]'): string {
  return `e.entry_id, e.event_type, e.effective_at, to_char(e.posted_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), e.correlation_id,
      e.reverses_entry_id,
      (SELECT r.entry_id FROM hpts.reversal AS r WHERE r.tenant_id = $1 AND r.reversed_entry_id = e.entry_id), e.description, e.actor, e.metadata, cardinality(e.accounts), e.external_ref,
      e.currency, e.layer, e.loan_id, e.borrower_id, ${sequences}, ${picked('e.accounts')}, ${picked('e.amounts')},
      ${picked('e.currencies')}, ${picked('e.layers')}, ${picked('e.loan_ids')}, ${picked('e.borrower_ids')},
      (SELECT s.successor_id FROM hpts.superseded_entry AS s WHERE s.tenant_id = $1 AND s.entry_id = e.entry_id)`;
}

/** A row of `entryColumns`. */
export type EntryRow = readonly [
  entryId: string,
  eventType: string,
  effectiveAt: string,
  postedAt: string,
  correlationId: string,
  reversesEntryId: string | null,
  reversedByEntryId: string | null,
  description: string | null,
  actor: string,
  metadata: string | null,
  linesTotal: number,
  externalRef: string | null,
  currency: string | null,
  layer: number | null,
  loanId: string | null,
  borrowerId: string | null,
  sequences: number[] | null,
  accounts: number[],
  amounts: string[],
  currencies: string[] | null,
  layers: number[] | null,
  loanIds: (string | null)[] | null,
  borrowerIds: (string | null)[] | null,
  supersededByEntryId: string | null,
];

/** The entry of a row; `firstLine` is the number of its first line when the row does not number them. */
export function entryOf(row: EntryRow, firstLine: number): JournalEntryView {
  const [linesTotal, sequences, accounts] = [row[10], row[16], row[17]];
  const nextLine = firstLine + accounts.length;
  return {
    entryId: row[0],
    eventType: row[1],
    effectiveAt: row[2],
    postedAt: row[3],
    correlationId: row[4],
    reversesEntryId: row[5],
    reversedByEntryId: row[6],
    supersededByEntryId: row[23],
    description: row[7],
    actor: row[8],
    metadata: row[9],
    linesTotal,
    lines: linesOf(row, firstLine),
    nextLine: sequences === null && nextLine <= linesTotal ? nextLine : null,
  };
}

function linesOf(row: EntryRow, firstLine: number): JournalLineView[] {
  const [externalRef, currency, layer, loanId, borrowerId] = [row[11], row[12], row[13], row[14], row[15]];
  const [sequences, accounts, amounts, currencies] = [row[16], row[17], row[18], row[19]];
  const [layers, loanIds, borrowerIds] = [row[20], row[21], row[22]];
  return accounts.map((account, index) => ({
    sequence: sequences?.[index] ?? firstLine + index,
    account,
    amountMinor: BigInt(amounts[index] ?? '0'),
    currency: currency ?? currencies?.[index] ?? '',
    layer: layer ?? layers?.[index] ?? 0,
    loanId: loanIds === null ? loanId : (loanIds[index] ?? null),
    borrowerId: borrowerIds === null ? borrowerId : (borrowerIds[index] ?? null),
    externalRef,
  }));
}
