import { type Components, LOAN_STATUSES, type LoanStanding, type LoanStatus } from '../../domain/loan.ts';
import type { StoredPolicy } from '../../domain/program.ts';
import { readStanding } from '../posting/stored-standing.ts';
import type { Statement } from '../statement-train.ts';
import type { ReaderPool } from './reader-pool.ts';

/** A loan as it stands, on SETTLED. Dates are of the tenant's calendar. */
export type LoanView = {
  readonly loanId: string;
  readonly borrowerId: string;
  readonly programId: string;
  readonly currency: string;
  readonly status: LoanStatus;
  readonly standing: LoanStanding;
  /** The first standing disbursement or opening balance; null: neither stands. */
  readonly beganOn: string | null;
  readonly components: Components;
  /** As it was registered; null: it has no rate of its own. */
  readonly ownRate: string | null;
  readonly maturityDate: string | null;
  readonly opening: { readonly asOf: string; readonly accruedThrough: string; readonly entryId: string } | null;
  /** The tenant's business date, and the rates of the version of its program that is in force then. */
  readonly today: string;
  readonly programRates: StoredPolicy['annual_rates'];
};

/** Which loans a list has; null asks for nothing. */
export type LoanFilter = {
  readonly status: LoanStatus | null;
  readonly borrowerId: string | null;
  readonly programId: string | null;
};

/** Loans behind `afterId` (null: from the first), in the order of their ids, at most `limit`. */
export type LoansQuestion = {
  readonly tenantId: string;
  readonly filter: LoanFilter;
  readonly afterId: string | null;
  readonly limit: number;
};

const LOAN = `SELECT l.loan_id, l.borrower_id, l.program_id, l.currency, l.first_disbursed_on, l.principal_minor,
      l.interest_minor, l.fees_minor, l.suspense_minor, l.memo_interest_minor, r.annual_rate, r.maturity_date,
      r.opening_as_of, r.accrued_through, r.entry_id, day.today, v.annual_rates, l.standing::text
    FROM hpts.loan AS l
    JOIN hpts.tenant AS t ON t.tenant_id = l.tenant_id
    CROSS JOIN LATERAL (SELECT (clock_timestamp() AT TIME ZONE t.timezone)::date AS today) AS day
    CROSS JOIN LATERAL (
      SELECT v.policy -> 'annual_rates' AS annual_rates FROM hpts.program_version AS v
      WHERE v.tenant_id = l.tenant_id AND v.program_id = l.program_id AND (v.effective_from IS NULL OR v.effective_from <= day.today)
      ORDER BY v.effective_from DESC NULLS LAST, v.version DESC LIMIT 1) AS v
    LEFT JOIN hpts.loan_registration AS r ON r.tenant_id = l.tenant_id AND r.loan_id = l.loan_id`;

const READ_LOAN: Statement = {
  name: 'read_loan',
  text: `${LOAN} WHERE l.tenant_id = $1 AND l.loan_id = $2 AND l.borrower_id IS NOT NULL`,
};

/** Whether a list is filtered by each of these. Few loans have a standing of their own, and an index of those alone. */
type Filtered = { readonly borrower: boolean; readonly program: boolean; readonly status: LoanStatus | null };

const STANDS = `(l.standing IS NULL OR l.standing ->> 'status' = 'active')`;

const OF_STATUS: Readonly<Record<LoanStatus, string>> = {
  undisbursed: `AND l.first_disbursed_on IS NULL AND ${STANDS}`,
  active: `AND l.first_disbursed_on IS NOT NULL AND ${STANDS}`,
  charged_off: `AND l.standing IS NOT NULL AND l.standing ->> 'status' = 'charged_off'`,
};

// A statement for each set of filters: with one for all of them, no index could be told to lead to a borrower's loans.
function listStatement({ borrower, program, status }: Filtered): Statement {
  const conditions = [
    borrower ? 'AND l.borrower_id = $4' : 'AND l.borrower_id IS NOT NULL AND $4::uuid IS NULL',
    program ? 'AND l.program_id = $5' : 'AND $5::uuid IS NULL',
    status === null ? '' : OF_STATUS[status],
  ];
  return {
    name: `read_loans${borrower ? '_of_borrower' : ''}${program ? '_of_program' : ''}${status === null ? '' : `_${status}`}`,
    text: `${LOAN} WHERE l.tenant_id = $1 AND l.loan_id > $2 ${conditions.join(' ')} ORDER BY l.loan_id LIMIT $3`,
  };
}

const LIST_STATEMENTS = new Map(
  [null, ...LOAN_STATUSES].flatMap((status) =>
    [false, true].flatMap((borrower) =>
      [false, true].map((program) => {
        const statement = listStatement({ borrower, program, status });
        return [statement.name, statement] as const;
      }),
    ),
  ),
);

const BEFORE_ALL = '00000000-0000-0000-0000-000000000000';

type LoanRow = [
  loanId: string,
  borrowerId: string,
  programId: string,
  currency: string,
  beganOn: string | null,
  principal: bigint,
  interest: bigint,
  fees: bigint,
  suspense: bigint,
  memoInterest: bigint,
  ownRate: string | null,
  maturityDate: string | null,
  openingAsOf: string | null,
  accruedThrough: string | null,
  registeredBy: string | null,
  today: string,
  programRates: StoredPolicy['annual_rates'],
  standing: string | null,
];

/** Answers undefined when the tenant has no such loan. */
export async function readLoan(
  reader: ReaderPool,
  { tenantId, loanId }: { readonly tenantId: string; readonly loanId: string },
): Promise<LoanView | undefined> {
  const [row] = await reader.read(tenantId, READ_LOAN, [tenantId, loanId]);
  return row === undefined ? undefined : loanOf(row as LoanRow);
}

/** A page of the tenant's loans. Ids never change, so a loan that is there while the list is paged through comes once. */
export async function readLoans(reader: ReaderPool, question: LoansQuestion): Promise<readonly LoanView[]> {
  const { tenantId, filter, afterId, limit } = question;
  const { status, borrowerId, programId } = filter;
  const { name } = listStatement({ borrower: borrowerId !== null, program: programId !== null, status });
  const statement = LIST_STATEMENTS.get(name);
  if (statement === undefined) throw new Error(`there is no list ${name}`);
  const rows = await reader.read(tenantId, statement, [tenantId, afterId ?? BEFORE_ALL, limit, borrowerId, programId]);
  return rows.map((row) => loanOf(row as LoanRow));
}

function loanOf(row: LoanRow): LoanView {
  const [loanId, borrowerId, programId, currency, beganOn, principal, interest, fees, suspense, memoInterest] = row;
  const [, , , , , , , , , , ownRate, maturityDate, asOf, accruedThrough, entryId, today, programRates, standing] = row;
  const stands = readStanding(standing);
  const hasOpening = asOf !== null && accruedThrough !== null && entryId !== null;
  return {
    loanId,
    borrowerId,
    programId,
    currency,
    status: statusOf(stands, beganOn),
    standing: stands,
    beganOn,
    components: { principal, interest, fees, suspense, memoInterest },
    ownRate,
    maturityDate,
    opening: hasOpening ? { asOf, accruedThrough, entryId } : null,
    today,
    programRates,
  };
}

function statusOf(standing: LoanStanding, beganOn: string | null): LoanStatus {
  if (standing.status === 'charged_off') return 'charged_off';
  return beganOn === null ? 'undisbursed' : 'active';
}
