import { readFileSync } from 'node:fs';
import { accrualRunOperations } from './accrual-runs.ts';
import { configurationOperations } from './configuration.ts';
import { JWKS_OPERATION, METADATA_OPERATION } from './http/oauth/issuer-operations.ts';
import { TOKEN_OPERATION } from './http/oauth/token-operation.ts';
import type { DescribedOperation } from './http/openapi/about.ts';
import { openApiDocument } from './http/openapi/document.ts';
import type { JsonSchema } from './http/openapi/json-schema.ts';
import type { Operation } from './http/operation.ts';
import { type Posting, postingOperation } from './http/posting-operation.ts';
import { accountBalance } from './http/routes/account-balance.ts';
import { adjustmentApprovals } from './http/routes/adjustment-approvals.ts';
import { apiDocument } from './http/routes/api-document.ts';
import { errorPages } from './http/routes/error-pages.ts';
import { type DatabaseProbe, healthLive, healthReady } from './http/routes/health.ts';
import { journalEntry } from './http/routes/journal-entry.ts';
import { loanBalance } from './http/routes/loan-balance.ts';
import { loanJournal } from './http/routes/loan-journal.ts';
import { loan, loans } from './http/routes/loans.ts';
import { periods } from './http/routes/periods.ts';
import { POSTING_ROUTES } from './http/routes/posting-routes.ts';
import { reconciliationStatus } from './http/routes/reconciliation-status.ts';
import { tenantJournal } from './http/routes/tenant-journal.ts';
import type { ReaderPool } from './postgres/reading/reader-pool.ts';
import type { ReconciliationRuns } from './postgres/reading/reconciliation-runs.ts';
import { webhookOperations } from './webhooks.ts';

/** What the operations are made from. */
export type OperationParts = {
  readonly program: { readonly version: string; readonly gitSha: string };
  readonly probe: DatabaseProbe;
  readonly reader: ReaderPool;
  readonly runs: ReconciliationRuns;
  readonly posting: Posting;
  readonly webhooks: readonly Operation[];
  readonly configuration: readonly Operation[];
  readonly accrualRuns: readonly Operation[];
  /** The text of openapi.json. */
  readonly document: string;
};

/** Every operation that is served, but for those of the token endpoint and the issuer's documents. */
export function ledgerOperations(parts: OperationParts): readonly Operation[] {
  const { reader, posting } = parts;
  return [
    ...[...POSTING_ROUTES.values()].map((route) => route.use((one) => postingOperation(one, posting))),
    postingOperation(adjustmentApprovals(reader), posting),
    loans(reader),
    loan(reader),
    loanBalance(reader),
    accountBalance(reader),
    loanJournal(reader),
    tenantJournal(reader),
    journalEntry(reader),
    periods(reader),
    reconciliationStatus(parts.runs),
    ...parts.accrualRuns,
    ...parts.configuration,
    ...parts.webhooks,
    healthLive(parts.program),
    healthReady(parts.probe),
    apiDocument(parts.document),
    errorPages,
  ];
}

/** The text of openapi.json as it lies beside package.json. Throws what the system says when it is not there. */
export function readApiDocument(): string {
  return readFileSync(new URL('../openapi.json', import.meta.url), 'utf8');
}

/** The OpenAPI document that the routes give. */
export function makeApiDocument(version: string): JsonSchema {
  return openApiDocument(describedOperations(), version);
}

/** What every operation says of itself. Made from no parts at all: an operation asks for its parts when it is called. */
function describedOperations(): readonly DescribedOperation[] {
  const nothing = {} as never;
  const parts = { acts: nothing, reader: nothing, masterKey: nothing, plainHttp: false, mayBeSentTo: nothing };
  const webhooks = webhookOperations(parts);
  const program = { version: '', gitSha: '' };
  const ledger = ledgerOperations({
    program,
    probe: nothing,
    reader: nothing,
    runs: nothing,
    posting: nothing,
    webhooks,
    configuration: configurationOperations(nothing, nothing),
    accrualRuns: accrualRunOperations(nothing, nothing, nothing),
    document: '',
  });
  return [TOKEN_OPERATION, ...ledger, METADATA_OPERATION, JWKS_OPERATION];
}
