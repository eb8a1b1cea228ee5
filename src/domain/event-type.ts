/** The event types of CONTRACT.md section 2, given and ours; the SQL type hpts.event_type has the same words. */
export const EVENT_TYPES = [
  'disbursement',
  'disbursement_settled',
  'accrual',
  'payment_received',
  'payment_allocated',
  'payment_returned',
  'fee_assessed',
  'fee_waived',
  'chargeoff',
  'recovery',
  'refinance',
  'restructure',
  'reversal',
  'manual_adjustment',
  'payment_settled',
  'suspense_refunded',
  'goodwill_credit',
  'non_accrual',
  'period_closed',
] as const;

export type EventType = (typeof EVENT_TYPES)[number];
