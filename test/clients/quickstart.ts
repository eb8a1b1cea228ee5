import { DEMO_CREDENTIALS } from '../../src/postgres/access/demo.ts';
import { type GeneratedClient, receiptOf } from './generated-client.ts';

const LOAN_ID = '11111111-1111-1111-1111-111111111111';

/** The figures that the quickstart promises, in the order in which it names them. */
export type QuickstartFigures = {
  readonly live: string;
  /** To fees, interest, principal and suspense. */
  readonly allocation: readonly string[];
  /** Principal, interest, fees and exposure that are left. */
  readonly balance: readonly string[];
};

export const PROMISED: QuickstartFigures = {
  live: 'ok',
  allocation: ['500', '10000', '78349', '0'],
  balance: ['921651', '0', '0', '921651'],
};

/** A token of the demo client; `scope` as the request has it, every scope when left out. */
export async function demoToken(client: GeneratedClient, scope?: string): Promise<string> {
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: DEMO_CREDENTIALS.clientId,
    client_secret: DEMO_CREDENTIALS.clientSecret,
    ...(scope === undefined ? {} : { scope }),
  });
  const granted = await client.issueToken({ body: form });
  if (granted.token_type !== 'Bearer' || granted.expires_in !== 3_600)
    throw new Error(`a token of type ${granted.token_type} for ${granted.expires_in} s`);
  return granted.access_token;
}

/** The four calls of the quickstart. Throws what the client throws when one is refused. */
export async function runQuickstart(client: GeneratedClient): Promise<QuickstartFigures> {
  client.auth.bearer(await demoToken(client, 'hpts:payments:write hpts:balances:read hpts:ledger:read'));
  const { status } = await client.getLiveness();
  const paid = client.postPayment({
    headers: { 'Idempotency-Key': 'payment:loan_42:proc_txn_abc123' },
    body: {
      loan_id: LOAN_ID,
      borrower_id: '22222222-2222-2222-2222-222222222222',
      amount_minor: '88849',
      currency: 'USD',
      effective_at: '2026-05-01',
      source_method: 'ach',
      external_ref: 'stripe_ch_xyz123',
    },
  });
  const { allocation } = await receiptOf(paid);
  const balance = await client.getLoanBalance({ path: { loan_id: LOAN_ID } });
  return {
    live: status,
    allocation: [
      allocation.fees_minor,
      allocation.interest_minor,
      allocation.principal_minor,
      allocation.suspense_minor,
    ],
    balance: [
      balance.principal_outstanding_minor,
      balance.interest_receivable_minor,
      balance.fees_receivable_minor,
      balance.total_exposure_minor,
    ],
  };
}
