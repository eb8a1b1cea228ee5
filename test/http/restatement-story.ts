import { expect } from 'vitest';
import { verifyLedger } from '../../src/postgres/verify/ledger-verification.ts';
import type { HttpAnswer } from './http-client.ts';
import type { LedgerServer } from './ledger-server.ts';
import { disbursement, type Loan, posted, reversal, unmadeLoan } from './loan-story.ts';
import { newProgram } from './program-story.ts';
import { type TenantApi, textAt } from './tenant-api.ts';

/** A program whose loans are restated by what is backdated. Its id. */
export function replayingProgram(api: TenantApi, changes: object = {}): Promise<string> {
  return newProgram(api, { backdating: 'replay', ...changes });
}

/** A loan of 1 May. */
export async function lentUnder(api: TenantApi, programId: string, principal = '1000'): Promise<Loan> {
  const loan = unmadeLoan();
  const body = { amount_minor: principal, effective_at: '2026-05-01', program_id: programId };
  await posted(api.post('/v1/disbursements', disbursement(loan, body)));
  return loan;
}

/** Principal, interest, fees and suspense: at present, or at the end of a day. */
export async function componentsOf(api: TenantApi, { loanId }: Loan, day?: string): Promise<readonly string[]> {
  const answer = await api.get(`/v1/loans/${loanId}/balance${day === undefined ? '' : `?as_of_date=${day}`}`);
  return ['principal_outstanding_minor', 'interest_receivable_minor', 'fees_receivable_minor', 'suspense_minor'].map(
    (name) => textAt(answer, name),
  );
}

/** Interest at the ends of days. */
export async function interestAt(
  api: TenantApi,
  { loanId }: Loan,
  days: readonly string[],
): Promise<readonly string[]> {
  const balances = days.map((day) => api.get(`/v1/loans/${loanId}/balance?as_of_date=${day}`));
  return (await Promise.all(balances)).map((answer) => textAt(answer, 'interest_receivable_minor'));
}

/** A loan as its address shows it. */
export async function shownLoan(api: TenantApi, { loanId }: Loan): Promise<unknown> {
  return (await api.get(`/v1/loans/${loanId}`)).json;
}

export function entryIdOf(answer: HttpAnswer): string {
  return textAt(answer, 'journal_entry_id');
}

export function shownEntry(api: TenantApi, entryId: string): Promise<HttpAnswer> {
  return api.get(`/v1/journal-entries/${entryId}`);
}

/** The entry that stands in the place of one after every restatement; itself when none took its place. */
export async function liveEntryId(api: TenantApi, entryId: string): Promise<string> {
  const next: unknown = Reflect.get(Object((await shownEntry(api, entryId)).json), 'superseded_by_entry_id');
  return typeof next === 'string' ? liveEntryId(api, next) : entryId;
}

type ShownLine = { readonly direction: string; readonly account_code: string; readonly amount_minor: string };

/** The lines of an entry, each as `DR 1100 20`. */
export async function linesOf(api: TenantApi, entryId: string): Promise<readonly string[]> {
  const { lines } = (await shownEntry(api, entryId)).json as { readonly lines: readonly ShownLine[] };
  return lines.map((line) => `${line.direction} ${line.account_code} ${line.amount_minor}`);
}

/** Reverses an entry on 20 May, behind everything of its loan. */
export function undo(api: TenantApi, entryId: string): Promise<HttpAnswer> {
  return posted(api.post('/v1/reversals', reversal(entryId, { effective_at: '2026-05-20' })));
}

export async function expectWholeLedger({ address }: LedgerServer): Promise<void> {
  const { checks } = await verifyLedger(address);
  expect(checks.filter(({ status }) => status !== 'ok')).toEqual([]);
}
