import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const GENERATOR = `${ROOT}node_modules/@redocly/cli/bin/cli.js`;
const COMPILER = `${ROOT}node_modules/typescript/bin/tsc`;
const run = promisify(execFile);

type Keyed<Body> = { readonly body: Body; readonly headers: { readonly 'Idempotency-Key': string } };
type Posted = { readonly journal_entry_id: string };
/** What answers in place of a receipt where a preview was asked for; which of the two came, its members tell. */
type Preview = { readonly lines: readonly object[] };

/** The receipt that a POST without `preview` is answered with. */
export async function receiptOf<Receipt extends Posted>(answered: Promise<Receipt | Preview>): Promise<Receipt> {
  const answer = await answered;
  if ('journal_entry_id' in answer) return answer;
  throw new Error('a request that asked for no preview was answered with one');
}

/** What a list may be asked for. */
export type ListQuery = {
  readonly order?: 'desc' | 'asc';
  readonly page_size?: number;
  readonly page_token?: string;
  readonly event_type?: EventType;
};
type EventType = 'payment_received' | 'fee_assessed' | 'accrual' | 'disbursement';
type Page = {
  readonly items: readonly (Posted & { readonly event_type: string })[];
  readonly next_page_token: string | null;
};
type Event = {
  readonly loan_id: string;
  readonly amount_minor: string;
  readonly currency: string;
  readonly effective_at: string;
};
type Moved = Event & { readonly borrower_id: string };

/**
 * What is used of the client that a third party's generator makes of openapi.json. The client itself is made anew by every
 * run and nowhere changed, so there is no type of it to import: `generateClient` has the compiler compare the two.
 */
export type GeneratedClient = {
  readonly auth: { bearer(token: string): void };
  issueToken(args: {
    body: URLSearchParams;
  }): Promise<{ access_token: string; token_type: string; expires_in: number }>;
  getLiveness(): Promise<{ status: string }>;
  postDisbursement(args: Keyed<Moved & { readonly method: 'ach' }>): Promise<Posted | Preview>;
  postPayment(args: Keyed<Moved & { readonly source_method: 'ach'; readonly external_ref?: string }>): Promise<
    | Preview
    | (Posted & {
        allocation: { fees_minor: string; interest_minor: string; principal_minor: string; suspense_minor: string };
      })
  >;
  postFee(args: Keyed<Event & { readonly fee_type: string }>): Promise<Posted | Preview>;
  postAccrualBatch(
    args: Keyed<{
      readonly program_id: string;
      readonly accrual_date: string;
      readonly day_count_convention: 'ACT_365';
      readonly loans: { loan_id: string; outstanding_principal_minor: string; interest_minor: string }[];
    }>,
  ): Promise<Posted | Preview>;
  getLoanBalance(args: { path: { loan_id: string } }): Promise<{
    principal_outstanding_minor: string;
    interest_receivable_minor: string;
    fees_receivable_minor: string;
    total_exposure_minor: string;
  }>;
  listLoanJournalEntries(args: { path: { loan_id: string }; query?: ListQuery }): Promise<Page>;
  listJournalEntries(args: { query?: ListQuery }): Promise<Page>;
};

/** Makes a client of one server. */
export type ClientMaker = (url: string) => GeneratedClient;

type GeneratedModule = {
  readonly OPERATIONS: unknown;
  readonly createClient: (operations: unknown, config: { readonly serverUrl: string }) => GeneratedClient;
};

/**
 * Generates a client from openapi.json in an empty folder and loads it as it is. Throws when the generator remarks on the
 * document, and when the client does not compile under TypeScript's strict settings or is not one as described above.
 */
export async function generateClient(folder: string): Promise<ClientMaker> {
  const file = join(folder, 'client.ts');
  const env = { PATH: process.env['PATH'], REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' };
  const options = ['generate-client', `${ROOT}openapi.json`, '--output', file];
  const { stdout, stderr } = await run(process.execPath, [GENERATOR, ...options], { env, cwd: folder });
  const said = `${stdout}${stderr}`.trim();
  if (!/^Generating client for openapi\.*\s+Client successfully generated: 1 file \(\d+ bytes\) at \S+$/.test(said)) {
    throw new Error(`the generator remarks on openapi.json:\n${said}`);
  }
  await compile(folder);
  const { createClient, OPERATIONS } = (await import(pathToFileURL(file).href)) as GeneratedModule;
  return (serverUrl) => createClient(OPERATIONS, { serverUrl });
}

async function compile(folder: string): Promise<void> {
  const comparison = [
    "import { client } from './client.ts';",
    `import type { GeneratedClient } from '${fileURLToPath(import.meta.url)}';`,
    'export const fits: GeneratedClient = client;',
  ];
  await writeFile(join(folder, 'comparison.ts'), `${comparison.join('\n')}\n`);
  const compilerOptions = {
    target: 'es2024',
    lib: ['es2024', 'dom', 'dom.iterable', 'dom.asynciterable'],
    module: 'nodenext',
    types: ['node'],
    typeRoots: [`${ROOT}node_modules/@types`],
    noEmit: true,
    strict: true,
    allowImportingTsExtensions: true,
    skipLibCheck: true,
  };
  await writeFile(join(folder, 'package.json'), '{"type":"module"}\n');
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['comparison.ts'] }));
  try {
    await run(process.execPath, [COMPILER, '-p', folder]);
  } catch (error) {
    const { stdout = '' } = error as { readonly stdout?: string };
    throw new Error(`the generated client does not compile:\n${stdout}`, { cause: error });
  }
}
