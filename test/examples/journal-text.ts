/** An entry of GET /v1/journal-entries, as far as the text shows it. */
export type EntryOfJournal = {
  readonly journal_entry_id: string;
  readonly event_type: string;
  readonly effective_at: string;
  readonly posted_at: string;
  readonly correlation_id: string;
  readonly reverses_entry_id: string | null;
  readonly reversed_by_entry_id: string | null;
  readonly superseded_by_entry_id: string | null;
  readonly lines: readonly LineOfJournal[];
};

export type LineOfJournal = {
  readonly account_code: string;
  readonly direction: 'DR' | 'CR';
  readonly amount_minor: string;
  readonly currency: string;
  readonly layer: string;
  readonly loan_id: string | null;
};

/** What stands in the text in place of ids: names of loans by id, names of accounts by code. */
export type Names = { readonly loans: ReadonlyMap<string, string>; readonly accounts: ReadonlyMap<string, string> };

const COMPONENTS = [
  { name: 'principal', account: '1100', sign: 1n },
  { name: 'interest', account: '1200', sign: 1n },
  { name: 'fees', account: '1300', sign: 1n },
  { name: 'suspense', account: '2100', sign: -1n },
  { name: 'memo interest', account: '9100', sign: 1n },
] as const;

type ComponentName = (typeof COMPONENTS)[number]['name'];

/** A loan's components on one layer after an entry, summed here from the lines alone. */
export type LoanAfter = {
  readonly loanId: string;
  readonly layer: string;
  readonly components: Readonly<Record<ComponentName, bigint>>;
};

/** An entry with its place in the order of posting, from 1, and what each loan that it touches has after it. */
export type ToldEntry = {
  readonly number: number;
  readonly entry: EntryOfJournal;
  readonly after: readonly LoanAfter[];
};

/** The entries of a journal in the order of posting, each with the loans after it. */
export function tellEntries(entries: readonly EntryOfJournal[]): readonly ToldEntry[] {
  const standing = new Map<string, LoanAfter>();
  return entries.map((entry, at) => {
    const touched = new Set<string>();
    for (const line of entry.lines) {
      if (line.loan_id === null) continue;
      const key = `${line.loan_id} ${line.layer}`;
      standing.set(key, withLine(standing.get(key) ?? nothingOf(line.loan_id, line.layer), line));
      touched.add(key);
    }
    const after = [...touched].map((key) => standing.get(key)).filter((loan) => loan !== undefined);
    return { number: at + 1, entry, after };
  });
}

function nothingOf(loanId: string, layer: string): LoanAfter {
  const components = { principal: 0n, interest: 0n, fees: 0n, suspense: 0n, 'memo interest': 0n };
  return { loanId, layer, components };
}

function withLine(loan: LoanAfter, line: LineOfJournal): LoanAfter {
  const component = COMPONENTS.find(({ account }) => account === line.account_code);
  if (component === undefined) return loan;
  const debited = line.direction === 'DR' ? BigInt(line.amount_minor) : -BigInt(line.amount_minor);
  const changed = loan.components[component.name] + component.sign * debited;
  return { ...loan, components: { ...loan.components, [component.name]: changed } };
}

/** One block per entry: its number and date, its event, how it hangs together with others, its lines, the loans after it. */
export function journalText(title: string, entries: readonly ToldEntry[], names: Names): string {
  const head = `${title}\nThe journal in the order of posting; amounts in minor units. What a loan has after an entry counts all dates.`;
  const blocks = entries.map((told) => blockOf(told, entries, names));
  return `${[head, ...blocks].join('\n\n')}\n`;
}

function blockOf({ number, entry, after }: ToldEntry, entries: readonly ToldEntry[], names: Names): string {
  const relations = [
    relation('reverses', entry.reverses_entry_id, entries),
    relation('reversed by', entry.reversed_by_entry_id, entries),
    relation('superseded by', entry.superseded_by_entry_id, entries),
    belonging({ number, entry }, entries),
  ].filter((text) => text !== '');
  const head = [`${number}.`, entry.effective_at, entry.event_type, ...relations.map((text) => `(${text})`)].join(' ');
  const lines = entry.lines.map((line) => `   ${lineText(line, names)}`);
  const loans = after.map((loan) => `   = ${loanText(loan, names)}`);
  return [head, ...(lines.length === 0 ? ['   (no lines)'] : lines), ...loans].join('\n');
}

/** Whose correlation id the entry has. A reversal has that of the entry it reverses, unless a restatement made it. */
function belonging({ number, entry }: Omit<ToldEntry, 'after'>, entries: readonly ToldEntry[]): string {
  const first = entries.find((one) => one.entry.correlation_id === entry.correlation_id);
  const reversed = entries.find((one) => one.entry.journal_entry_id === entry.reverses_entry_id);
  const isToldAlready = reversed?.entry.correlation_id === entry.correlation_id;
  return first === undefined || first.number === number || isToldAlready ? '' : `belongs to ${first.number}`;
}

function relation(word: string, entryId: string | null, entries: readonly ToldEntry[]): string {
  if (entryId === null) return '';
  const number = entries.find(({ entry }) => entry.journal_entry_id === entryId)?.number;
  if (number === undefined) throw new Error(`an entry is ${word} one that the journal does not have`);
  return `${word} ${number}`;
}

function lineText(line: LineOfJournal, names: Names): string {
  const account = `${line.account_code} ${names.accounts.get(line.account_code) ?? '?'}`.padEnd(44);
  const amount = `${line.amount_minor.padStart(10)} ${line.currency}`;
  const layer = line.layer === 'SETTLED' ? '' : ` ${line.layer}`;
  return `${line.direction} ${account} ${amount}${layer}${line.loan_id === null ? '' : `  ${loanName(line.loan_id, names)}`}`;
}

function loanText({ loanId, layer, components }: LoanAfter, names: Names): string {
  const shown = COMPONENTS.filter(({ name }) => name !== 'memo interest' || components[name] !== 0n);
  const parts = shown.map(({ name }) => `${name} ${components[name]}`);
  return `${loanName(loanId, names)}${layer === 'SETTLED' ? '' : ` on ${layer}`}: ${parts.join(', ')}`;
}

function loanName(loanId: string, names: Names): string {
  const name = names.loans.get(loanId);
  if (name === undefined) throw new Error(`the story names no loan ${loanId}`);
  return name;
}
