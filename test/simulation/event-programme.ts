import { requestOf } from '../histories/step-request.ts';
import { EVENTS, type EventKind } from '../histories/what-exists.ts';
import { replaceSlot } from './programme.ts';
import type { Draft, Scene } from './scene.ts';
import { SceneStage } from './stage.ts';

/** How often each event comes that the ordinary programme does not have; what is not named comes as often as a waiver. */
const WEIGHTS: Partial<Record<EventKind, number>> = {
  chargeoff: 8,
  registration: 3,
  refinance: 3,
  return: 10,
  cancel_disbursement: 12,
  settle_disbursement: 12,
  settle_payment: 12,
  cancel_payment: 12,
  allocation: 15,
  refund: 12,
  goodwill: 9,
};

/** Events that the ordinary programme has already, which races are made of too. */
const ORDINARY: readonly EventKind[] = ['disbursement', 'payment', 'fee', 'accrual', 'reversal'];

/** A request of any event that the ledger has, made as those of generated histories are; undefined when none could be. */
export function eventDraft(scene: Scene): Draft | undefined {
  const { random } = scene;
  const kinds = EVENTS.filter((kind) => !ORDINARY.includes(kind) || random.chance(0.2));
  const weights = Object.fromEntries(kinds.map((kind) => [kind, WEIGHTS[kind] ?? 6])) as Record<EventKind, number>;
  const kind = random.weighted(weights);
  // A loan can be registered as long as nothing has made it.
  if (kind === 'registration' && random.chance(0.5)) replaceSlot(scene);
  const stage = new SceneStage(scene);
  const made = requestOf(stage, { kind, seed: random.word() });
  if (made === undefined) return undefined;
  const { path, body } = made;
  const loans = Array.isArray(body['loans']) ? (body['loans'] as readonly Record<string, unknown>[]) : [];
  const inPath = /^\/v1\/loans\/([^/]+)\//.exec(path)?.[1];
  const named = [
    inPath,
    body['loan_id'],
    body['old_loan_id'],
    body['new_loan_id'],
    ...loans.map((one) => one['loan_id']),
  ];
  const loanIds = [...new Set([...made.loanIds, ...named.filter((id): id is string => typeof id === 'string')])];
  const date = String(body['effective_at'] ?? body['accrual_date']);
  const backdated = loanIds.some((loanId) => scene.ledger.loans.has(loanId) && date < stage.latestDay(loanId));
  return { path, body, loanIds, backdated };
}
