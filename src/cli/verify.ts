import { parseArgs } from 'node:util';
import {
  type CheckResult,
  UnknownTenant,
  type Verification,
  verifyLedger,
} from '../postgres/verify/ledger-verification.ts';
import type { Command, CommandContext } from './command.ts';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const HELP = `Usage: npx hpts verify [--tenant ID] [--json]

Recomputes the whole ledger from its lines and compares it with every balance, history, key and link that is stored beside
them, at one instant and beside a running server. No check uses the code that writes what it checks. Says first which ledger
it looks at. Where there is none, or one of another version, it makes none and changes nothing, but says so.

  --tenant ID   the books of one tenant alone; the guards of the database are checked all the same
  --json        print one object: {"verified", "first_disagreement", "ledger", "entries", "lines", "loans", "tenants",
                "checks": [{"name", "promise", "status", "findings_total", "findings": [{"tenant_id", "subject",
                "detail"}], "duration_ms"}]}

Up to ten findings are shown for each check, the oldest first. A long run keeps the database from clearing away dead rows
meanwhile: as a rule of thumb, one to two minutes for a million entries.

Exit: 0 everything agrees, 1 something disagrees or could not be read, or there is no ledger, 2 called wrongly.`;

type Options = { readonly tenantId: string | undefined; readonly json: boolean; readonly help: boolean };

/** `hpts verify` */
export const verify: Command = {
  words: ['verify'],
  summary: 'recompute the whole ledger from its lines and name what disagrees',
  help: HELP,
  run: async (argv, context) => {
    const options = readOptions(argv, context);
    if (options === undefined) return 2;
    if (options.help) {
      context.out(HELP);
      return 0;
    }
    return runVerification(options, context);
  },
};

function readOptions(argv: readonly string[], context: CommandContext): Options | undefined {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: { tenant: { type: 'string' }, json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
    });
    const tenantId = values.tenant?.toLowerCase();
    if (tenantId !== undefined && !UUID.test(tenantId))
      throw new TypeError('--tenant takes the id of a tenant, a UUID');
    return { tenantId, json: values.json ?? false, help: values.help ?? false };
  } catch (error) {
    // parseArgs throws a TypeError for each unknown option, missing value and stray word, and says which.
    if (!(error instanceof TypeError)) throw error;
    context.err(`hpts verify: ${error.message}`);
    context.err('Try: npx hpts verify --help');
    return undefined;
  }
}

async function runVerification({ tenantId, json }: Options, context: CommandContext): Promise<number> {
  const database = await context.openLedger();
  try {
    if (!json) context.out(`ledger: ${database.name}`);
    const verification = await verifyLedger(database.address, {
      ...(tenantId === undefined ? {} : { tenantId }),
      ...(json ? {} : { onCheck: (result) => context.out(checkLine(result)) }),
    });
    if (json) context.out(JSON.stringify(jsonOf(verification, database.name)));
    else for (const line of closingLines(verification)) context.out(line);
    return firstDisagreement(verification) === undefined ? 0 : 1;
  } catch (error) {
    if (!(error instanceof UnknownTenant)) throw error;
    context.err(`hpts verify: ${error.message}`);
    return 1;
  } finally {
    await database.close();
  }
}

function checkLine({ name, status, promise, findingsTotal, durationMs }: CheckResult): string {
  const verdict = status === 'ok' ? 'ok    ' : 'FAILED';
  const found = findingsTotal === 0 ? '' : `  (${findingsTotal} found)`;
  return `${verdict}  ${name.padEnd(17)} ${promise}${found}  ${durationMs} ms`;
}

function closingLines(verification: Verification): readonly string[] {
  const { checks, entries, lines, loans, tenants } = verification;
  const first = firstDisagreement(verification);
  const extent = `${entries} entries, ${lines} lines, ${loans} loans, ${tenants} tenants`;
  if (first === undefined) return [`ledger verified: ${extent}`];
  const findings = checks.flatMap(({ name, findings, findingsTotal }) => [
    ...findings.map((finding) => `  ${name}: ${sentenceOf(finding)}`),
    ...(findingsTotal > findings.length ? [`  ${name}: and ${findingsTotal - findings.length} more`] : []),
  ]);
  return ['', ...findings, '', `looked at: ${extent}`, `FIRST DISAGREEMENT: ${first}`];
}

function firstDisagreement({ checks }: Verification): string | undefined {
  const failed = checks.find(({ status }) => status === 'failed');
  const finding = failed?.findings[0];
  return failed === undefined || finding === undefined ? undefined : `${failed.name}: ${sentenceOf(finding)}`;
}

function sentenceOf(finding: CheckResult['findings'][number]): string {
  const owner = finding.tenantId === null ? '' : ` of tenant ${finding.tenantId}`;
  return `${finding.subject}${owner}: ${finding.detail}`;
}

function jsonOf(verification: Verification, ledger: string): Readonly<Record<string, unknown>> {
  const { checks, entries, lines, loans, tenants } = verification;
  const first = firstDisagreement(verification);
  return {
    verified: first === undefined,
    first_disagreement: first ?? null,
    ledger,
    entries,
    lines,
    loans,
    tenants,
    checks: checks.map(({ name, promise, status, findings, findingsTotal, durationMs }) => ({
      name,
      promise,
      status,
      findings_total: findingsTotal,
      findings: findings.map(({ tenantId, subject, detail }) => ({ tenant_id: tenantId, subject, detail })),
      duration_ms: durationMs,
    })),
  };
}
