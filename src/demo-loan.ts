import { type PostingRoute, readCommand } from './http/posting-operation.ts';
import { accrualBatches } from './http/routes/accrual-batches.ts';
import { disbursements } from './http/routes/disbursements.ts';
import { fees } from './http/routes/fees.ts';
import { DEMO_TENANT } from './postgres/access/demo.ts';
import type { PostingEngine } from './posting/engine.ts';

const LOAN_ID = '11111111-1111-1111-1111-111111111111';
const BORROWER_ID = '22222222-2222-2222-2222-222222222222';

/**
 * Gives a demo instance the loan of the quickstart: 1,000,000 of principal, 10,000 of interest and a fee of 500
 * outstanding before 2026-05-01. Posted through the engine under fixed keys, so every start after the first replays.
 */
export async function postDemoLoan(engine: PostingEngine): Promise<void> {
  await post(engine, disbursements, 'demo:disbursement', {
    loan_id: LOAN_ID,
    borrower_id: BORROWER_ID,
    amount_minor: '1000000',
    currency: 'USD',
    effective_at: '2026-03-31',
    method: 'ach',
  });
  await post(engine, accrualBatches, 'demo:accrual', {
    program_id: DEMO_TENANT.defaultProgramId,
    accrual_date: '2026-04-30',
    day_count_convention: 'ACT_365',
    loans: [{ loan_id: LOAN_ID, outstanding_principal_minor: '1000000', interest_minor: '10000' }],
  });
  await post(engine, fees, 'demo:late_fee', {
    loan_id: LOAN_ID,
    fee_type: 'late_fee',
    amount_minor: '500',
    currency: 'USD',
    effective_at: '2026-04-30',
  });
}

async function post<Body>(engine: PostingEngine, route: PostingRoute<Body>, key: string, body: object): Promise<void> {
  const sender = { tenantId: DEMO_TENANT.tenantId, actor: 'demo', key, params: {} };
  const command = readCommand(route, sender, Buffer.from(JSON.stringify(body)));
  if ('problem' in command) throw new Error(`the demo loan cannot be read: ${command.problem.detail}`);
  const outcome = await engine.submit(command);
  if (outcome.outcome !== 'created' && outcome.outcome !== 'replayed') {
    throw new Error(`the demo loan was answered ${JSON.stringify(outcome)}`);
  }
}
