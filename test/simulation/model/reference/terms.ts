/** The parts of a loan's sub-ledger; `memo` is interest kept beside the books while a loan is on non-accrual (account 9100). */
export const COMPONENTS = ['fees', 'interest', 'principal', 'suspense', 'memo'] as const;
export type Component = (typeof COMPONENTS)[number];
export type Components = Record<Component, bigint>;

/** What a waterfall may pay, a charge-off take and a recovery bring back. */
export type Receivable = 'fees' | 'interest' | 'principal';
export const RECEIVABLES = ['fees', 'interest', 'principal'] as const satisfies readonly Receivable[];

/** One amount over a payment's four destinations; under non-accrual `interest` holds memo interest too. */
export type Split = Record<Receivable | 'suspense', bigint>;

export const LAYERS = ['SETTLED', 'PENDING', 'ENCUMBRANCE'] as const;
export type Layer = (typeof LAYERS)[number];

/** What an event may be in the journal (CONTRACT.md section 2). */
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

/** In what order a loan's events count (rule 11). */
export const BACKDATINGS = ['append', 'replay'] as const;

export type Direction = 'DR' | 'CR';

/** One debit or credit. Lines of a control account name their loan, no other line does unless an adjustment says so. */
export interface Line {
  readonly accountCode: string;
  readonly direction: Direction;
  readonly amountMinor: bigint;
  readonly currency: string;
  readonly layer: Layer;
  readonly loanId: string | undefined;
}

/** The control accounts and the side that raises them (ACCOUNTING.md section 1). */
export const CONTROL: Readonly<Record<Component, { readonly accountCode: string; readonly raisedBy: Direction }>> = {
  fees: { accountCode: '1300', raisedBy: 'DR' },
  interest: { accountCode: '1200', raisedBy: 'DR' },
  principal: { accountCode: '1100', raisedBy: 'DR' },
  suspense: { accountCode: '2100', raisedBy: 'CR' },
  memo: { accountCode: '9100', raisedBy: 'DR' },
};

/** The most that a component of a loan may hold (CONTRACT.md section 2, 'Money'). */
export const COMPONENT_MAX_MINOR = 10n ** 18n - 1n;

/** All components at zero. */
export function noComponents(): Components {
  return { fees: 0n, interest: 0n, principal: 0n, suspense: 0n, memo: 0n };
}

/** Nothing allocated. */
export function noSplit(): Split {
  return { fees: 0n, interest: 0n, principal: 0n, suspense: 0n };
}

/** The sum over the four destinations. */
export function sumOf(split: Split): bigint {
  return split.fees + split.interest + split.principal + split.suspense;
}

/** The smaller amount. */
export function least(left: bigint, right: bigint): bigint {
  return left < right ? left : right;
}

/** The component that an account controls; undefined for any other account. */
export function componentOf(accountCode: string): Component | undefined {
  return COMPONENTS.find((name) => CONTROL[name].accountCode === accountCode);
}

/** What a line does to its component, with a sign; undefined for lines on other accounts. */
export function effectOf(line: Line): { readonly component: Component; readonly deltaMinor: bigint } | undefined {
  const component = componentOf(line.accountCode);
  if (component === undefined) return undefined;
  const raises = line.direction === CONTROL[component].raisedBy;
  return { component, deltaMinor: raises ? line.amountMinor : -line.amountMinor };
}

/** Whose money a line moves: the writer of one loan's lines. */
export interface Pen {
  readonly loanId: string;
  readonly currency: string;
  readonly layer?: Layer;
}

/** An amount on an account and side; the loan is named on control accounts only. */
type Stroke = readonly [direction: Direction, accountCode: string, amountMinor: bigint];

/** Lines of one loan and layer, in the order given; strokes of 0 leave none. */
export function lines({ loanId, currency, layer = 'SETTLED' }: Pen, ...strokes: readonly Stroke[]): Line[] {
  return strokes.flatMap(([direction, accountCode, amountMinor]) => {
    if (amountMinor === 0n) return [];
    const named = componentOf(accountCode) === undefined ? undefined : loanId;
    return [{ accountCode, direction, amountMinor, currency, layer, loanId: named }];
  });
}

/** The same lines with their sides swapped. */
export function mirrored(original: readonly Line[]): Line[] {
  return original.map((line) => ({ ...line, direction: line.direction === 'DR' ? 'CR' : 'DR' }));
}

/** What stands on each account, loan, currency and layer, debits less credits; places at 0 are left out. */
export function netOf(all: readonly Line[]): Map<string, { readonly line: Line; netMinor: bigint }> {
  const net = new Map<string, { readonly line: Line; netMinor: bigint }>();
  for (const line of all) {
    const place = [line.accountCode, line.loanId ?? '', line.currency, line.layer].join(' ');
    const found = net.get(place) ?? { line, netMinor: 0n };
    found.netMinor += line.direction === 'DR' ? line.amountMinor : -line.amountMinor;
    net.set(place, found);
  }
  for (const [place, { netMinor }] of net) if (netMinor === 0n) net.delete(place);
  return net;
}

/** One line for each account, loan, currency and layer that `after` moves otherwise than `before`. */
export function difference({ before, after }: { before: readonly Line[]; after: readonly Line[] }): Line[] {
  return [...netOf([...after, ...mirrored(before)]).values()].map(({ line, netMinor }) => {
    const direction = netMinor > 0n ? 'DR' : 'CR';
    return { ...line, direction, amountMinor: netMinor > 0n ? netMinor : -netMinor };
  });
}

/** True when the two move every account and loan alike, line by line in any order. */
export function sameLines(left: readonly Line[], right: readonly Line[]): boolean {
  const text = (all: readonly Line[]) => all.map((line) => Object.values(line).join(' ')).sort();
  return text(left).join('\n') === text(right).join('\n');
}
