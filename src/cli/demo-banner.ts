import { DEMO_CREDENTIALS } from '../postgres/access/demo.ts';

/** What a demo instance says on the screen once it serves: what it is, and commands that work as they stand. */
export function demoBanner(instance: { readonly url: string; readonly dataDir: string }): readonly string[] {
  const { url, dataDir } = instance;
  const { clientId, clientSecret } = DEMO_CREDENTIALS;
  return [
    '',
    `HPTS, demo instance: ${url}`,
    `  data in ${dataDir}; this machine only; public credentials: never put real money data here`,
    '',
    'Try, in another terminal:',
    '',
    `  TOKEN=$(curl -s ${url}/oauth2/token -d grant_type=client_credentials -d client_id=${clientId} -d client_secret=${clientSecret} | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')`,
    '',
    `  curl -s ${url}/v1/payments -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \\`,
    `    -H 'Idempotency-Key: payment:loan_42:proc_txn_abc123' \\`,
    `    -d '{"loan_id":"11111111-1111-1111-1111-111111111111","borrower_id":"22222222-2222-2222-2222-222222222222","amount_minor":"88849","currency":"USD","effective_at":"2026-05-01","source_method":"ach","external_ref":"stripe_ch_xyz123"}'`,
    '',
    `  curl -s ${url}/v1/loans/11111111-1111-1111-1111-111111111111/balance -H "Authorization: Bearer $TOKEN"`,
    '',
    'Or all four calls of the quickstart at once: npm run quickstart',
    `Error codes: ${url}/docs/errors/loan_not_found and so on; pages: README.md and docs/`,
    'Ctrl-C ends it in order; the data stays.',
    '',
  ];
}
