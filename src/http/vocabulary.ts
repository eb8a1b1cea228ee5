/** The closed lists of words that requests choose from (CONTRACT.md section 3, "Enumerations"). */
export const MONEY_MOVES = ['ach', 'wire', 'card', 'check', 'cash', 'rtp', 'sepa', 'internal', 'other'] as const;

export const REVERSAL_REASONS = ['error_correction', 'duplicate', 'returned_payment', 'fraud', 'other'] as const;

export const ADJUSTMENT_REASONS = ['goodwill', 'error_correction', 'settlement', 'other'] as const;

export const CHARGE_OFF_REASONS = ['uncollectible', 'fraud', 'bankruptcy', 'deceased', 'settlement', 'other'] as const;

export const WAIVER_REASONS = ['goodwill', 'error_correction', 'settlement', 'other'] as const;

/** Layers that a payment or a disbursement may be posted on; ENCUMBRANCE is for adjustments. */
export const POSTING_LAYERS = ['SETTLED', 'PENDING'] as const;

/** As the networks write them: R01, AM04. */
export const RETURN_CODE = /^[A-Z0-9]{1,10}$/;

export const FEE_TYPE = /^[a-z][a-z0-9_]{0,63}$/;
