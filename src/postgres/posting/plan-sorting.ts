/**
 * Of the plans of one transaction, for reads of what stands in an index in the order wanted: a plan that knows nothing of the
 * tables yet would rather sort what another index gives.
 */
export const SORTING = {
  off: `SELECT set_config('enable_sort', 'off', true)`,
  on: `SELECT set_config('enable_sort', 'on', true)`,
};
