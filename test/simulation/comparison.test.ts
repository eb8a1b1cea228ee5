import { expect, it } from 'vitest';
import { listedDifferences } from './comparison.ts';
import { book, type Entry, nameEntry, newTenantLedger } from './model/ledger.ts';
import type { Command } from './model/reference/command.ts';
import { decide } from './model/reference/decide.ts';
import { disbursement, fee, reversal } from './model-desk.ts';

const POSTED_AT = '2026-05-02T12:00:00.000000Z';

it('what an entry reverses is compared once the id of that is found out, and not before', () => {
  const ledger = newTenantLedger('44444444-4444-4444-8444-444444444444');
  const post = (key: string, command: Command, entryIds: readonly string[]): void => {
    const decision = decide(ledger.books, command, { businessDate: '2026-05-02', principal: 'one' });
    if ('refusal' in decision) throw new Error(`${key} is ${decision.refusal.code}`);
    const posted = { entryIds, eventIds: [], postedAt: POSTED_AT, body: key };
    book(ledger, { posting: decision.posting, key, fingerprint: key }, posted);
  };
  post('disbursed', disbursement(100, '2026-01-01'), ['disbursed']);
  post('fee', fee(5, '2026-01-15'), []);
  const [unnamed] = ledger.unnamed;
  if (unnamed === undefined) throw new Error('every entry has a name');
  post('reversed', reversal(unnamed.modelId, '2026-01-16'), ['reversed']);
  const mirror = ledger.entries.get('reversed');
  if (mirror === undefined) throw new Error('the reversal was not booked');
  const differences = (reverses_entry_id: string) =>
    listedDifferences(ledger, {
      entry: mirror,
      list: { loanId: undefined, isSettled: false },
      item: { ...itemOf(mirror), reverses_entry_id },
    });
  expect(differences('the fee')).toEqual([]);
  nameEntry(ledger, unnamed, 'the fee');
  expect(differences('the fee')).toEqual([]);
  expect(differences('another').join()).toMatch(/reverses_entry_id is "another" in place of "the fee"/);
});

/** An entry as a page shows it. */
function itemOf({ entryId, plan, postedAt }: Entry): Readonly<Record<string, unknown>> {
  const lines = plan.lines.map((line, at) => ({
    sequence: at + 1,
    account_code: line.accountCode,
    direction: line.direction,
    amount_minor: `${line.amountMinor}`,
    currency: line.currency,
    layer: line.layer,
    loan_id: line.loanId,
  }));
  const borrower = { borrower_id: '22222222-2222-4222-8222-222222222222' };
  return {
    journal_entry_id: entryId,
    event_type: plan.eventType,
    effective_at: plan.effectiveAt,
    posted_at: postedAt,
    lines: lines.map((line) => ({ ...line, ...borrower })),
    lines_total: lines.length,
  };
}
