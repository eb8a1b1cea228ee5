import { type LedgerCheck, ofTenant } from './check.ts';

/** The sum of an entry's lines on an account and SETTLED, debits positive. */
const sumOn = (account: number): string =>
  `coalesce((SELECT sum(l.amount) FROM unnest(e.accounts, e.amounts, e.layers) AS l(account, amount, layer)
             WHERE l.account = ${account} AND coalesce(l.layer, e.layer) = 0), 0)`;

/** Of event_input: what a restatement makes anew together with the lines. Everything else was asked, and stays. */
const asked = (alias: string): string => `${alias}.event_input::jsonb - 'recovered' - 'accepted_as'`;

const RECOVERED = ['fees_minor', 'interest_minor', 'principal_minor', 'suspense_minor']
  .map((part) => `(e.input -> 'recovered' ->> '${part}')::numeric`)
  .join(' + ');

/** Of the returns kept, with the event that each names: the money as it came in, or what settled it, by one entry of that event. */
const RETURNED = `
        SELECT DISTINCT ON (k.tenant_id, k.entry_id) k.tenant_id, k.entry_id, k.payment_entry_id, paid.entry_id AS named_entry_id
        FROM hpts.payment_return AS k
        JOIN hpts.journal_entry AS e ON e.tenant_id = k.tenant_id AND e.entry_id = k.entry_id
        LEFT JOIN LATERAL (
          SELECT k.payment_entry_id AS entry_id
          UNION ALL SELECT s.entry_id FROM hpts.settling AS s WHERE s.tenant_id = k.tenant_id AND s.pending_entry_id = k.payment_entry_id) AS way ON true
        LEFT JOIN hpts.journal_entry AS paid ON paid.tenant_id = k.tenant_id AND paid.entry_id = way.entry_id
          AND paid.event_id::text = lower(e.event_input::jsonb ->> 'payment_event_id')
        WHERE ${ofTenant('k')} ORDER BY k.tenant_id, k.entry_id, paid.entry_id`;

/** Event types whose event_input says something that stands elsewhere as well. */
const TWICE_SAID = `('accrual', 'manual_adjustment', 'payment_returned', 'period_closed', 'recovery', 'refinance', 'reversal')`;

/**
 * What entries say beside their lines, as far as it stands somewhere else too: who sent them, under which reference, and what was
 * asked for. What nothing else repeats is left to the seals (docs/operations.md lists it).
 */
export const FACT_CHECKS: readonly LedgerCheck[] = [
  {
    name: 'command_actors',
    promise: 'The entries that one command booked are by the actor of the first of them.',
    sql: `
      SELECT e.tenant_id, e.seq AS place, 'entry ' || e.entry_id AS subject,
             format('is by %s, and entry %s of the same command by %s', e.actor, o.entry_id, o.actor) AS detail
      FROM hpts.following_entry AS f
      JOIN hpts.journal_entry AS e ON e.tenant_id = f.tenant_id AND e.entry_id = f.entry_id
      JOIN hpts.journal_entry AS o ON o.tenant_id = f.tenant_id AND o.entry_id = f.first_entry_id
      WHERE ${ofTenant('f')} AND e.actor <> o.actor`,
  },
  {
    name: 'carried_facts',
    promise:
      'A reversal carries the external reference of what it reverses, a return that of the payment it names; an entry that books an event again carries the reference, description, metadata and what was asked of the one in whose place it stands.',
    sql: `
      SELECT e.tenant_id, e.seq AS place, 'entry ' || e.entry_id AS subject,
             format('has external reference %s, entry %s %s', coalesce(e.external_ref, 'none'), o.entry_id, coalesce(o.external_ref, 'none')) AS detail
      FROM (
        SELECT r.tenant_id, r.entry_id, r.reversed_entry_id AS of_entry_id FROM hpts.reversal AS r WHERE ${ofTenant('r')}
        UNION ALL
        SELECT p.tenant_id, p.entry_id, p.named_entry_id FROM (${RETURNED}) AS p) AS carried
      JOIN hpts.journal_entry AS e ON e.tenant_id = carried.tenant_id AND e.entry_id = carried.entry_id
      JOIN hpts.journal_entry AS o ON o.tenant_id = carried.tenant_id AND o.entry_id = carried.of_entry_id
      WHERE e.external_ref IS DISTINCT FROM o.external_ref
      UNION ALL
      SELECT e.tenant_id, e.seq, 'entry ' || e.entry_id,
             format('says otherwise than entry %s, in whose place it stands, what was asked', o.entry_id)
      FROM hpts.superseded_entry AS s
      JOIN hpts.journal_entry AS e ON e.tenant_id = s.tenant_id AND e.entry_id = s.successor_id
      JOIN hpts.journal_entry AS o ON o.tenant_id = s.tenant_id AND o.entry_id = s.entry_id
      WHERE ${ofTenant('s')} AND ((e.external_ref, e.description, e.metadata) IS DISTINCT FROM (o.external_ref, o.description, o.metadata)
        OR ${asked('e')} IS DISTINCT FROM ${asked('o')})`,
  },
  {
    name: 'event_inputs',
    promise:
      'Every entry keeps what was asked; where that names what stands elsewhere too (a batch, payment, period, adjustment, another entry, what was recovered or lent), both say the same.',
    sql: `
      WITH said AS (
        SELECT e.tenant_id, e.seq, e.entry_id, e.event_type, e.effective_at, e.loan_id, e.reverses_entry_id, e.event_input::jsonb AS input,
               -${sumOn(1010)} AS paid_out, -${sumOn(2100)} AS to_suspense, -${sumOn(2000)} AS lent, array_remove(e.loan_ids, NULL)::text[] AS loans
        FROM hpts.journal_entry AS e WHERE ${ofTenant('e')} AND e.event_type IN ${TWICE_SAID}),
      returned AS (${RETURNED}),
      recovered AS (
        SELECT k.tenant_id, k.entry_id, sum(k.fees_minor) AS fees, sum(k.interest_minor) AS interest, sum(k.principal_minor) AS principal
        FROM hpts.loan_recovery AS k WHERE ${ofTenant('k')} GROUP BY 1, 2),
      judged AS (
        SELECT e.tenant_id, e.seq, e.entry_id,
               CASE
                 WHEN e.event_type = 'period_closed' AND e.input ->> 'period' IS DISTINCT FROM to_char(e.effective_at, 'YYYY-MM')
                 THEN format('is of period %s and dated %s', coalesce(e.input ->> 'period', 'none'), e.effective_at)
                 WHEN b.entry_id IS NOT NULL AND (e.input ->> 'program_id', e.input ->> 'day_count_convention', e.input ->> 'loan_count')
                   IS DISTINCT FROM (b.program_id::text, b.day_count_convention, cardinality(b.loan_ids)::text)
                 THEN 'names another program, day count or number of loans than its batch'
                 WHEN a.entry_id IS NOT NULL AND (e.input ->> 'adjustment_id', e.input ->> 'reason_code', e.input ->> 'proposed_by')
                   IS DISTINCT FROM (a.adjustment_id::text, a.reason_code, a.proposed_by)
                 THEN format('says otherwise than adjustment %s why it was proposed, or by whom', a.adjustment_id)
                 WHEN e.event_type = 'payment_returned' AND k.named_entry_id IS NULL
                 THEN format('returns payment %s, by hpts.payment_return entry %s', coalesce(e.input ->> 'payment_event_id', 'none'), coalesce(k.payment_entry_id::text, 'none'))
                 WHEN e.event_type = 'payment_returned' AND (e.input ->> 'amount_minor')::numeric IS DISTINCT FROM e.paid_out
                 THEN format('returns %s, by its lines %s', coalesce(e.input ->> 'amount_minor', 'nothing'), e.paid_out)
                 WHEN e.event_type = 'recovery' AND NOT e.input ? 'recovered'
                   OR e.input ? 'recovered' AND abs(e.paid_out) IS DISTINCT FROM ${RECOVERED}
                 THEN format('moves %s, and does not say of it what it recovered', abs(e.paid_out))
                 WHEN e.event_type = 'recovery' AND (e.input -> 'recovered' ->> 'suspense_minor')::numeric IS DISTINCT FROM e.to_suspense
                 THEN format('says that %s went to suspense, its lines say %s', e.input -> 'recovered' ->> 'suspense_minor', e.to_suspense)
                 -- Under replay a restatement says anew what was recovered of which loss, beside an entry that it leaves.
                 WHEN e.event_type = 'recovery' AND program.policy ->> 'backdating' IS DISTINCT FROM 'replay'
                   AND ((e.input -> 'recovered' ->> 'fees_minor')::numeric, (e.input -> 'recovered' ->> 'interest_minor')::numeric, (e.input -> 'recovered' ->> 'principal_minor')::numeric)
                     IS DISTINCT FROM (coalesce(recovered.fees, 0), coalesce(recovered.interest, 0), coalesce(recovered.principal, 0))
                 THEN 'says that it recovered other components than stand in hpts.loan_recovery'
                 WHEN e.event_type = 'refinance' AND e.input ->> 'new_loan_id' IS DISTINCT FROM begun.loan_id::text
                 THEN format('makes loan %s, by hpts.disbursement %s', coalesce(e.input ->> 'new_loan_id', 'none'), coalesce(begun.loan_id::text, 'none'))
                 WHEN e.event_type = 'refinance' AND ((e.input ->> 'new_money_minor')::numeric IS DISTINCT FROM e.lent
                   OR NOT (ARRAY[e.input ->> 'old_loan_id', e.input ->> 'new_loan_id'] @> e.loans))
                 THEN format('lends %s of new money to loan %s in place of loan %s, its lines say otherwise', coalesce(e.input ->> 'new_money_minor', 'nothing'),
                   e.input ->> 'new_loan_id', coalesce(e.input ->> 'old_loan_id', 'none'))
                 WHEN e.input ? 'cancels_event_id' AND lower(e.input ->> 'cancels_event_id') IS DISTINCT FROM o.event_id::text
                 THEN format('cancels event %s and reverses entry %s of event %s', e.input ->> 'cancels_event_id', o.entry_id, o.event_id)
                 WHEN e.input ? 'requested_entry_id' AND asked_of.event_id IS DISTINCT FROM o.event_id
                 THEN format('was asked for entry %s, which is none of the event that it reverses', e.input ->> 'requested_entry_id')
               END AS detail
        FROM said AS e
        LEFT JOIN hpts.accrual_batch AS b ON b.tenant_id = e.tenant_id AND b.entry_id = e.entry_id
        LEFT JOIN (
          SELECT v.entry_id, p.* FROM hpts.adjustment_verdict AS v
          JOIN hpts.adjustment AS p ON p.tenant_id = v.tenant_id AND p.adjustment_id = v.adjustment_id) AS a
          ON a.tenant_id = e.tenant_id AND a.entry_id = e.entry_id
        LEFT JOIN returned AS k ON k.tenant_id = e.tenant_id AND k.entry_id = e.entry_id
        LEFT JOIN recovered ON recovered.tenant_id = e.tenant_id AND recovered.entry_id = e.entry_id
        LEFT JOIN hpts.loan AS loan ON loan.tenant_id = e.tenant_id AND loan.loan_id = e.loan_id
        LEFT JOIN hpts.program_version AS program
          ON program.tenant_id = loan.tenant_id AND program.program_id = loan.program_id AND program.version = 1
        LEFT JOIN hpts.disbursement AS begun ON begun.tenant_id = e.tenant_id AND begun.entry_id = e.entry_id
        LEFT JOIN hpts.journal_entry AS o ON o.tenant_id = e.tenant_id AND o.entry_id = e.reverses_entry_id
        LEFT JOIN hpts.journal_entry AS asked_of
          ON asked_of.tenant_id = e.tenant_id AND asked_of.entry_id = (e.input ->> 'requested_entry_id')::uuid)
      SELECT tenant_id, seq AS place, 'entry ' || entry_id AS subject, detail FROM judged WHERE detail IS NOT NULL
      UNION ALL
      SELECT e.tenant_id, e.seq, 'entry ' || e.entry_id, format('says that it settles event %s, by hpts.settling it is %s', coalesce(e.event_input::jsonb ->> 'settles_event_id', 'none'), o.event_id)
      FROM hpts.settling AS s
      JOIN hpts.journal_entry AS e ON e.tenant_id = s.tenant_id AND e.entry_id = s.entry_id
      JOIN hpts.journal_entry AS o ON o.tenant_id = s.tenant_id AND o.entry_id = s.pending_entry_id
      WHERE ${ofTenant('s')} AND lower(e.event_input::jsonb ->> 'settles_event_id') IS DISTINCT FROM o.event_id::text
      UNION ALL
      SELECT e.tenant_id, e.seq, 'entry ' || e.entry_id, 'keeps nothing of what was asked'
      FROM hpts.journal_entry AS e WHERE ${ofTenant('e')} AND e.event_input IS NULL`,
  },
];
