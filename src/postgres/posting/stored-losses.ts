import type { Receivables } from '../../domain/loan.ts';
import type { KeptLoss, KeptPart } from '../../posting/kept-loss.ts';
import { type LoanRef, scopedKey } from '../../posting/ledger-state.ts';
import type { PostingPlan } from '../../posting/posting-plan.ts';
import { plainArray } from '../array-literal.ts';
import { int2Array, int8Array, uuidArray } from '../binary-array.ts';
import type { BoundStatement, Statement } from '../statement-train.ts';
import { entryOf, firstEntryOf, joinEntry, stands } from './entry-lookup.ts';
import { INSERT_LOSSES, INSERT_RECOVERIES } from './write-statements.ts';

export const READ_LOSSES: Statement = {
  name: 'read_losses',
  text: `SELECT l.tenant_id, l.loan_id, l.entry_id, e.seq, l.principal_minor, l.interest_minor, l.fees_minor, l.principal_account, l.closes_loan,
      l.turn, e.effective_at, o.seq
    FROM unnest($1::uuid[], $2::uuid[]) AS asked (tenant_id, loan_id)
    CROSS JOIN LATERAL (
      SELECT DISTINCT ON (a.entry_id) a.* FROM hpts.loan_loss AS a
      WHERE a.tenant_id = asked.tenant_id AND a.loan_id = asked.loan_id ORDER BY a.entry_id, a.turn DESC) AS l
    ${joinEntry('e', entryOf('l'))}
    ${joinEntry('o', firstEntryOf('e'))}
    WHERE ${stands('l')} ORDER BY l.tenant_id, e.seq`,
};

export const READ_RECOVERIES: Statement = {
  name: 'read_recoveries',
  text: `SELECT p.tenant_id, p.loss_entry_id, p.entry_id, p.principal_minor, p.interest_minor, p.fees_minor, p.turn, e.effective_at
    FROM unnest($1::uuid[], $2::uuid[]) AS asked (tenant_id, loan_id)
    CROSS JOIN LATERAL (
      SELECT DISTINCT ON (a.entry_id, a.loss_entry_id) a.* FROM hpts.loan_recovery AS a
      WHERE a.tenant_id = asked.tenant_id AND a.loan_id = asked.loan_id ORDER BY a.entry_id, a.loss_entry_id, a.turn DESC) AS p
    ${joinEntry('e', entryOf('p'))}
    WHERE ${stands('p')} ORDER BY p.tenant_id, e.seq`,
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
  turn: string,
  effectiveAt: string,
  arrival: string,
];

/** A row of READ_RECOVERIES, as PostgreSQL wrote it. */
export type RecoveryRow = [
  tenantId: string,
  lossEntryId: string,
  entryId: string,
  principal: string,
  interest: string,
  fees: string,
  turn: string,
  effectiveAt: string,
];

/** The standing losses of the loans asked for, by scopedKey; none is an empty list. */
export function lossesOf(
  asked: readonly LoanRef[],
  losses: readonly LossRow[],
  recoveries: readonly RecoveryRow[],
): Map<string, readonly KeptLoss[]> {
  const parts = Map.groupBy(recoveries, ([tenantId, lossEntryId]) => scopedKey(tenantId, lossEntryId));
  const read = new Map<string, KeptLoss[]>(asked.map(({ tenantId, loanId }) => [scopedKey(tenantId, loanId), []]));
  for (const row of losses) {
    const [tenantId, loanId, entryId, seq, principal, interest, fees, principalAccount, closesLoan] = row;
    const [, , , , , , , , , turn, effectiveAt, arrival] = row;
    read.get(scopedKey(tenantId, loanId))?.push({
      entryId,
      seq: BigInt(seq),
      effectiveAt,
      arrival: BigInt(arrival),
      turn: Number(turn),
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
        int2Array(losses, ({ loss }) => loss.turn),
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
        int2Array(recoveries, ({ turn }) => turn),
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

function partOf([, , entryId, principal, interest, fees, turn, effectiveAt]: RecoveryRow): KeptPart {
  return { entryId, effectiveAt, turn: Number(turn), amounts: amountsOf(principal, interest, fees) };
}

function amountsOf(principal: string, interest: string, fees: string): Receivables {
  return { principal: BigInt(principal), interest: BigInt(interest), fees: BigInt(fees) };
}
