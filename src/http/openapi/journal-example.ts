/** The entry of the worked example's payment (CONTRACT.md section 3), as the document shows it. */
export const JOURNAL_ENTRY_EXAMPLE = {
  journal_entry_id: '01a1fbed-0b70-7648-804f-c378f7545790',
  event_type: 'payment_received',
  effective_at: '2026-05-01',
  posted_at: '2026-11-21T02:26:18.610880Z',
  lines: [
    line(1, '1010', 'DR', '88849'),
    line(2, '1300', 'CR', '500'),
    line(3, '1200', 'CR', '10000'),
    line(4, '1100', 'CR', '78349'),
  ],
  correlation_id: '01a1fbed-0b70-7648-804f-c378f7545792',
  reverses_entry_id: null,
  description: null,
  actor: 'demo_client',
  reversed_by_entry_id: null,
  superseded_by_entry_id: null,
  lines_total: 4,
  lines_next_page_token: null,
  metadata: null,
};

function line(sequence: number, account_code: string, direction: string, amount_minor: string): object {
  return {
    sequence,
    account_code,
    direction,
    amount_minor,
    currency: 'USD',
    layer: 'SETTLED',
    loan_id: '11111111-1111-1111-1111-111111111111',
    borrower_id: '22222222-2222-2222-2222-222222222222',
    external_ref: 'stripe_ch_xyz123',
  };
}

/** What is told of that entry. */
export const EVENT_EXAMPLE = {
  journal_entry_id: JOURNAL_ENTRY_EXAMPLE.journal_entry_id,
  tenant_id: 'de300000-0000-4000-8000-000000000001',
  event_type: JOURNAL_ENTRY_EXAMPLE.event_type,
  occurred_at: JOURNAL_ENTRY_EXAMPLE.posted_at,
  correlation_id: JOURNAL_ENTRY_EXAMPLE.correlation_id,
};
