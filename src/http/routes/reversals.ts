import { LIMITS } from '../../limits.ts';
import { dateField, freeTextField, metadataField, objectField, uuidField, wordField } from '../field-reader.ts';
import type { PostingRoute } from '../posting-operation.ts';
import { REVERSAL_REASONS } from '../vocabulary.ts';

const body = objectField(
  { reverses_entry_id: uuidField, reason_code: wordField(REVERSAL_REASONS), effective_at: dateField },
  { reason_description: freeTextField(LIMITS.textChars), metadata: metadataField },
);

type Body = NonNullable<ReturnType<typeof body.read>>;

/** POST /v1/reversals: 201, 200, 400, 401, 403, 404, 409, 413, 415, 422, 503. */
export const reversals: PostingRoute<Body> = {
  path: '/v1/reversals',
  scope: 'hpts:reversals:write',
  body,
  command: (reversal, { metadata }) => ({
    kind: 'reversal',
    reversal: {
      reversesEntryId: reversal.reverses_entry_id,
      reasonCode: reversal.reason_code,
      reasonDescription: reversal.reason_description,
      effectiveAt: reversal.effective_at,
      metadata,
    },
  }),
};
