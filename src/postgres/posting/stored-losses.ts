import type { Receivables } from '../../domain/loan.ts';
import type { Loss, RecoveredPart } from '../../domain/loss.ts';
import { type LoanRef, scopedKey } from '../../posting/ledger-state.ts';
import type { PostingPlan } from '../../posting/posting-plan.ts';
import { plainArray } from '../array-literal.ts';
import { int2Array, int8Array, uuidArray } from '../binary-array.ts';
import type { BoundStatement, Statement } from '../statement-train.ts';
import { INSERT_LOSSES, INSERT_RECOVERIES } from './write-statements.ts';

const STANDS = (alias: string): string =>
  `NOT EXISTS (SELECT FROM hpts.reversal AS r WHERE r.tenant_id = ${alias}.tenant_id AND r.reversed_entry_id = ${alias}.entry_id)`;

export const READ_LOSSES: Statement = {
  name: 'read_losses',
  text: `SELECT l.tenant_id, l.loan_id, l.entry_id, e.seq, l.principal_minor, l.interest_minor, l.fees_minor, l.principal_account, l.closes_loan
    FROM unnest($1::uuid[], $2::uuid[]) AS asked (tenant_id, loan_id)
    JOIN hpts.loan_loss AS l USING (tenant_id, loan_id)
    JOIN hpts.journal_entry AS e ON e.tenant_id = l.tenant_id AND e.entry_id = l.entry_id
    WHERE ${STANDS('l')} ORDER BY l.tenant_id, e.seq`,
};

export const READ_RECOVERIES: Statement = {
  name: 'read_recoveries',
  text: `SELECT p.tenant_id, p.loss_entry_id, p.entry_id, p.principal_minor, p.interest_minor, p.fees_minor
    FROM unnest($1::uuid[], $2::uuid[]) AS asked (tenant_id, loan_id)
    JOIN hpts.loan_recovery AS p USING (tenant_id, loan_id)
    JOIN hpts.journal_entry AS e ON e.tenant_id = p.tenant_id AND e.entry_id = p.entry_id
    WHERE ${STANDS('p')} ORDER BY p.tenant_id, e.seq`,
};

/** A row of READ_LOSSES, as PostgreSQL wrote it. */
export type LossRow = [
  tenantId: string,
  loanId: string,
  entryId: string,
  seq: string,
  principal: string,
  interest: string,
  fees: string,
  principalAccount: string,
  closesLoan: string,
];

/** A row of READ_RECOVERIES, as PostgreSQL wrote it. */
export type RecoveryRow = [
  tenantId: string,
  lossEntryId: string,
  entryId: string,
  principal: string,
  interest: string,
  fees: string,
];

/** The standing losses of the loans asked for, by scopedKey; none is an empty list. */
export function lossesOf(
  asked: readonly LoanRef[],
  losses: readonly LossRow[],
  recoveries: readonly RecoveryRow[],
): Map<string, readonly Loss[]> {
  const parts = Map.groupBy(recoveries, ([tenantId, lossEntryId]) => scopedKey(tenantId, lossEntryId));
  const read = new Map<string, Loss[]>(asked.map(({ tenantId, loanId }) => [scopedKey(tenantId, loanId), []]));
  for (const [tenantId, loanId, entryId, seq, principal, interest, fees, principalAccount, closesLoan] of losses) {
    read.get(scopedKey(tenantId, loanId))?.push({
      entryId,
      seq: BigInt(seq),
      amounts: amountsOf(principal, interest, fees),
      principalAccount: Number(principalAccount),
      closesLoan: closesLoan === 't',
      recovered: (parts.get(scopedKey(tenantId, entryId)) ?? []).map(partOf),
    });
  }
  return read;
}

/** What writes the losses and recoveries of a batch; no statement for what there is none of. */
export function lossStatements({ losses, recoveries }: Pick<PostingPlan, 'losses' | 'recoveries'>): BoundStatement[] {
  const statements: BoundStatement[] = [];
  if (losses.length > 0) {
    statements.push([
      INSERT_LOSSES,
      [
        uuidArray(losses, (one) => one.tenantId),
        uuidArray(losses, (one) => one.loanId),
        uuidArray(losses, ({ loss }) => loss.entryId),
        ...amountColumns(losses, ({ loss }) => loss.amounts),
        int2Array(losses, ({ loss }) => loss.principalAccount),
        plainArray(losses.map(({ loss }) => (loss.closesLoan ? 't' : 'f'))),
      ],
    ]);
  }
  if (recoveries.length > 0) {
    statements.push([
      INSERT_RECOVERIES,
      [
        uuidArray(recoveries, (one) => one.tenantId),
        uuidArray(recoveries, (one) => one.loanId),
        uuidArray(recoveries, (one) => one.entryId),
        uuidArray(recoveries, ({ taken }) => taken.lossEntryId),
        ...amountColumns(recoveries, ({ taken }) => taken.amounts),
      ],
    ]);
  }
  return statements;
}

function amountColumns<Row>(rows: readonly Row[], amountsOfRow: (row: Row) => Receivables): Buffer[] {
  return [
    int8Array(rows, (row) => amountsOfRow(row).principal),
    int8Array(rows, (row) => amountsOfRow(row).interest),
    int8Array(rows, (row) => amountsOfRow(row).fees),
  ];
}

function partOf([, , entryId, principal, interest, fees]: RecoveryRow): RecoveredPart {
  return { entryId, amounts: amountsOf(principal, interest, fees) };
}

function amountsOf(principal: string, interest: string, fees: string): Receivables {
  return { principal: BigInt(principal), interest: BigInt(interest), fees: BigInt(fees) };
}
