import { type LedgerCheck, ofTenant } from './check.ts';

const STANDS = (alias: string): string =>
  `NOT EXISTS (SELECT FROM hpts.reversal AS r WHERE r.tenant_id = ${alias}.tenant_id AND r.reversed_entry_id = ${alias}.entry_id)`;

/** Debits less credits of an entry's SETTLED lines on some accounts. */
const debited = (entry: string, accounts: string): string =>
  `coalesce((SELECT sum(l.amount) FROM unnest(${entry}.accounts, ${entry}.amounts, ${entry}.layers) AS l(account, amount, layer)
             WHERE l.account IN (${accounts}) AND coalesce(l.layer, ${entry}.layer) = 0), 0)`;

/** Principal, interest and fees as one text, to be compared and shown. */
const amounts = (...values: readonly [principal: string, interest: string, fees: string]): string =>
  `format('principal %s, interest %s, fees %s', ${values.map((value) => `coalesce(${value}, 0)`).join(', ')})`;

const OF_ROW = (alias: string): string =>
  amounts(`${alias}.principal_minor`, `${alias}.interest_minor`, `${alias}.fees_minor`);

const OF_STANDING = (member: string): string => {
  const value = (name: string) => `(l.standing -> '${member}' ->> '${name}')::numeric`;
  return amounts(value('principal'), value('interest'), value('fees'));
};

/** What was said last of each entry: a restatement may say anew what an entry that it leaves has lost or recovered. */
const LAST_LOSSES = `(SELECT DISTINCT ON (s.tenant_id, s.loan_id, s.entry_id) s.* FROM hpts.loan_loss AS s
             WHERE ${ofTenant('s')} ORDER BY s.tenant_id, s.loan_id, s.entry_id, s.turn DESC)`;
const LAST_RECOVERIES = `(SELECT DISTINCT ON (s.tenant_id, s.loan_id, s.entry_id, s.loss_entry_id) s.* FROM hpts.loan_recovery AS s
             WHERE ${ofTenant('s')} ORDER BY s.tenant_id, s.loan_id, s.entry_id, s.loss_entry_id, s.turn DESC)`;

/** What an entry takes back, as a negative sum, of recoveries of principal that had been lost to the allowance. */
const GIVEN_BACK = `coalesce((SELECT sum(p.principal_minor) FROM ${LAST_RECOVERIES} AS p
             JOIN ${LAST_LOSSES} AS o ON o.tenant_id = p.tenant_id AND o.loan_id = p.loan_id AND o.entry_id = p.loss_entry_id
             WHERE p.tenant_id = e.tenant_id AND p.entry_id = e.entry_id AND o.principal_account = 1900), 0)`;

/** What charge-offs and recoveries promise. */
export const LOSS_CHECKS: readonly LedgerCheck[] = [
  {
    name: 'losses',
    promise:
      'Every charge-off has its row in hpts.loan_loss; each row is of an entry on its loan that debits exactly that to 5000, 5010 or 1900, to 4900 and to 4910, a charge-off out of the receivables.',
    sql: `
      WITH posted AS (
        SELECT e.tenant_id, e.seq, e.entry_id, e.loan_id, e.event_type,
               ${debited('e', '1900, 5000, 5010')} + ${GIVEN_BACK} AS principal, ${debited('e', '4900')} AS interest, ${debited('e', '4910')} AS fees,
               -${debited('e', '1100')} AS from_principal, -${debited('e', '1200')} AS from_interest, -${debited('e', '1300')} AS from_fees,
               (SELECT min(l.account) FROM unnest(e.accounts) AS l(account) WHERE l.account IN (1900, 5000, 5010)) AS principal_account
        FROM hpts.journal_entry AS e
        WHERE ${ofTenant('e')} AND (e.event_type = 'chargeoff'
          OR EXISTS (SELECT FROM ${LAST_LOSSES} AS k WHERE k.tenant_id = e.tenant_id AND k.entry_id = e.entry_id))),
      kept AS (SELECT k.* FROM ${LAST_LOSSES} AS k WHERE ${ofTenant('k')}),
      judged AS (
        SELECT coalesce(p.tenant_id, k.tenant_id) AS tenant_id, coalesce(p.seq, 0) AS seq, coalesce(p.entry_id, k.entry_id) AS entry_id,
               CASE WHEN k.entry_id IS NULL THEN 'is a charge-off and has no row in hpts.loan_loss'
                    WHEN p.entry_id IS NULL THEN 'stands in hpts.loan_loss and does not exist'
                    WHEN p.event_type NOT IN ('chargeoff', 'payment_returned', 'suspense_refunded') THEN format('stands in hpts.loan_loss and is %s', p.event_type)
                    WHEN p.loan_id IS DISTINCT FROM k.loan_id THEN format('stands in hpts.loan_loss for loan %s', k.loan_id)
                    WHEN (k.principal_minor, k.interest_minor, k.fees_minor) IS DISTINCT FROM (p.principal, p.interest, p.fees)
                    THEN ${OF_ROW('k')} || ' in hpts.loan_loss; ' || ${amounts('p.principal', 'p.interest', 'p.fees')} || ' by its lines'
                    WHEN p.event_type = 'chargeoff' AND (p.principal, p.interest, p.fees) IS DISTINCT FROM (p.from_principal, p.from_interest, p.from_fees)
                    THEN 'takes ' || ${amounts('p.from_principal', 'p.from_interest', 'p.from_fees')} || ' off the receivables and loses ' || ${amounts('p.principal', 'p.interest', 'p.fees')}
                    WHEN k.principal_account <> p.principal_account
                    THEN format('loses principal to %s by hpts.loan_loss, to %s by its lines', k.principal_account, p.principal_account)
                    WHEN k.closes_loan AND p.event_type <> 'chargeoff' THEN 'charges its loan off and is no charge-off' END AS detail
        FROM posted AS p FULL JOIN kept AS k ON k.tenant_id = p.tenant_id AND k.entry_id = p.entry_id)
      SELECT tenant_id, seq AS place, 'entry ' || entry_id AS subject, detail FROM judged WHERE detail IS NOT NULL`,
  },
  {
    name: 'recoveries',
    promise:
      'What hpts.loan_recovery says an entry brought back is what its lines credit to 4200 and 1900, to 1900 the principal that was lost there, all of losses of its own loan.',
    sql: `
      WITH posted AS (
        SELECT e.tenant_id, e.seq, e.entry_id, e.loan_id, e.event_type, coalesce((SELECT sum(o.principal_minor) FROM ${LAST_LOSSES} AS o
                 WHERE o.tenant_id = e.tenant_id AND o.entry_id = e.entry_id AND o.principal_account = 1900), 0) - ${debited('e', '1900')} AS to_allowance, -${debited('e', '4200')} AS to_income
        FROM hpts.journal_entry AS e
        WHERE ${ofTenant('e')} AND (e.event_type = 'recovery'
          OR EXISTS (SELECT FROM ${LAST_RECOVERIES} AS p WHERE p.tenant_id = e.tenant_id AND p.entry_id = e.entry_id))),
      kept AS (
        SELECT p.tenant_id, p.entry_id, min(p.loan_id::text) AS first_loan, max(p.loan_id::text) AS last_loan, bool_and(l.entry_id IS NOT NULL) AS known,
               coalesce(sum(p.principal_minor) FILTER (WHERE l.principal_account = 1900), 0) AS of_allowance,
               sum(p.interest_minor::numeric + p.fees_minor) + coalesce(sum(p.principal_minor) FILTER (WHERE l.principal_account <> 1900), 0) AS of_income
        FROM ${LAST_RECOVERIES} AS p
        LEFT JOIN ${LAST_LOSSES} AS l ON l.tenant_id = p.tenant_id AND l.loan_id = p.loan_id AND l.entry_id = p.loss_entry_id
        WHERE ${ofTenant('p')} GROUP BY 1, 2),
      judged AS (
        SELECT coalesce(p.tenant_id, k.tenant_id) AS tenant_id, coalesce(p.seq, 0) AS seq, coalesce(p.entry_id, k.entry_id) AS entry_id,
               CASE WHEN p.entry_id IS NULL THEN 'stands in hpts.loan_recovery and does not exist'
                    WHEN p.event_type NOT IN ('recovery', 'payment_returned') THEN format('stands in hpts.loan_recovery and is %s', p.event_type)
                    WHEN k.first_loan <> p.loan_id::text OR k.last_loan <> p.loan_id::text THEN 'recovers what another loan lost'
                    WHEN NOT k.known THEN 'recovers of an entry by which its loan lost nothing'
                    WHEN (coalesce(k.of_allowance, 0), coalesce(k.of_income, 0)) IS DISTINCT FROM (p.to_allowance, p.to_income)
                    THEN format('recovers %s for 1900 and %s for 4200 by hpts.loan_recovery, %s and %s by its lines',
                                coalesce(k.of_allowance, 0), coalesce(k.of_income, 0), p.to_allowance, p.to_income) END AS detail
        FROM posted AS p FULL JOIN kept AS k ON k.tenant_id = p.tenant_id AND k.entry_id = p.entry_id)
      SELECT tenant_id, seq AS place, 'entry ' || entry_id AS subject, detail FROM judged WHERE detail IS NOT NULL`,
  },
  {
    name: 'recovered_losses',
    promise: 'Of each component of a standing loss between nothing and all is recovered, of a reversed one nothing.',
    sql: `
      WITH recovered AS (
        SELECT p.tenant_id, p.loan_id, p.loss_entry_id, sum(p.principal_minor) AS principal, sum(p.interest_minor) AS interest, sum(p.fees_minor) AS fees
        FROM ${LAST_RECOVERIES} AS p WHERE ${ofTenant('p')} AND ${STANDS('p')} GROUP BY 1, 2, 3)
      SELECT l.tenant_id, 0::bigint AS place, 'entry ' || l.entry_id AS subject,
             ${amounts('c.principal', 'c.interest', 'c.fees')} || ' recovered of ' || CASE WHEN ${STANDS('l')} THEN '' ELSE 'what was reversed: ' END || ${OF_ROW('l')} AS detail
      FROM ${LAST_LOSSES} AS l
      JOIN recovered AS c ON c.tenant_id = l.tenant_id AND c.loan_id = l.loan_id AND c.loss_entry_id = l.entry_id
      WHERE 0 > LEAST(c.principal, c.interest, c.fees)
        OR NOT ${STANDS('l')} AND (c.principal, c.interest, c.fees) <> (0, 0, 0)
        OR c.principal > l.principal_minor OR c.interest > l.interest_minor OR c.fees > l.fees_minor`,
  },
  {
    name: 'loan_standings',
    promise:
      'A loan is charged off when one standing charge-off took all of it, loses later principal to that account, and sums up its standing losses and recoveries.',
    sql: `
      WITH lost AS (
        SELECT l.tenant_id, l.loan_id, sum(l.principal_minor) AS principal, sum(l.interest_minor) AS interest, sum(l.fees_minor) AS fees,
               count(*) FILTER (WHERE l.closes_loan) AS closings, min(l.principal_account) FILTER (WHERE l.closes_loan) AS loss_account
        FROM ${LAST_LOSSES} AS l WHERE ${ofTenant('l')} AND ${STANDS('l')} GROUP BY 1, 2),
      recovered AS (
        SELECT p.tenant_id, p.loan_id, sum(p.principal_minor) AS principal, sum(p.interest_minor) AS interest, sum(p.fees_minor) AS fees
        FROM ${LAST_RECOVERIES} AS p WHERE ${ofTenant('p')} AND ${STANDS('p')} GROUP BY 1, 2),
      loan AS (
        SELECT l.tenant_id, l.loan_id, coalesce(l.standing ->> 'status', 'active') AS status, (l.standing ->> 'loss_account')::smallint AS loss_account,
               ${OF_STANDING('charged_off_minor')} AS charged_off, ${OF_STANDING('recovered_minor')} AS recovered
        FROM hpts.loan AS l WHERE ${ofTenant('l')}),
      judged AS (
        SELECT coalesce(l.tenant_id, o.tenant_id) AS tenant_id, coalesce(l.loan_id, o.loan_id) AS loan_id,
               CASE WHEN l.loan_id IS NULL THEN 'has losses and does not exist'
                    WHEN o.closings > 1 THEN format('is charged off by %s standing charge-offs', o.closings)
                    WHEN (l.status = 'charged_off') <> (coalesce(o.closings, 0) = 1)
                    THEN format('is %s by hpts.loan and %s by its charge-offs', l.status, CASE WHEN o.closings = 1 THEN 'charged_off' ELSE 'active' END)
                    WHEN l.loss_account IS DISTINCT FROM o.loss_account
                    THEN format('loses later principal to %s by hpts.loan, to %s by its charge-off', l.loss_account, o.loss_account)
                    WHEN l.charged_off <> ${amounts('o.principal', 'o.interest', 'o.fees')}
                    THEN 'charged off: ' || l.charged_off || ' by hpts.loan; ' || ${amounts('o.principal', 'o.interest', 'o.fees')} || ' by its entries'
                    WHEN l.recovered <> ${amounts('c.principal', 'c.interest', 'c.fees')}
                    THEN 'recovered: ' || l.recovered || ' by hpts.loan; ' || ${amounts('c.principal', 'c.interest', 'c.fees')} || ' by its entries' END AS detail
        FROM loan AS l
        FULL JOIN lost AS o ON o.tenant_id = l.tenant_id AND o.loan_id = l.loan_id
        LEFT JOIN recovered AS c ON c.tenant_id = l.tenant_id AND c.loan_id = l.loan_id)
      SELECT tenant_id, 0::bigint AS place, 'loan ' || loan_id AS subject, detail FROM judged WHERE detail IS NOT NULL`,
  },
];
