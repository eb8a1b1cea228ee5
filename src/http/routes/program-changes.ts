import { randomUUID } from 'node:crypto';
import { formatAccountCode } from '../../domain/account-code.ts';
import { DEFAULT_PROGRAM_POLICY } from '../../domain/default-program.ts';
import { parseUuid } from '../../domain/identifier.ts';
import type { StoredPolicy } from '../../domain/program.ts';
import { LIMITS } from '../../limits.ts';
import type { ActTransaction, Done } from '../../postgres/acts/administrative-act.ts';
import { missingAccounts } from '../../postgres/configuration/chart-registry.ts';
import { raiseConfigEpoch } from '../../postgres/configuration/configuration-epoch.ts';
import {
  findProgram,
  insertProgram,
  insertVersion,
  type KnownProgram,
  type NewProgram,
  type NewVersion,
  nextVersion,
  type ProgramRef,
} from '../../postgres/configuration/program-registry.ts';
import type { AdministrativeRoute } from '../administrative-operation.ts';
import { currencyField, dateField, described, nameField, objectField } from '../field-reader.ts';
import type { KeyedPostAbout } from '../openapi/about.ts';
import { type Problem, validationProblem } from '../problem.ts';
import { POLICY_FIELDS, statedPolicy } from './program-fields.ts';
import {
  ADDED_VERSION,
  NO_PROGRAM,
  POLICY_EXAMPLE,
  PROGRAM_VERSION,
  programObject,
  versionObject,
} from './program-schemas.ts';

const program = objectField(
  { name: nameField },
  { currency: described(currencyField, 'The currency of its loans; any when left out.'), ...POLICY_FIELDS },
);

const version = objectField(
  { effective_at: described(dateField, 'The day from which the version is in force; past and future days are taken.') },
  POLICY_FIELDS,
);

type ProgramBody = NonNullable<ReturnType<typeof program.read>>;
type VersionBody = NonNullable<ReturnType<typeof version.read>>;

const programAbout: KeyedPostAbout = {
  id: 'createProgram',
  tag: 'Configuration',
  summary: 'Create a program',
  description: `Makes a program, whose version 1 holds from the beginning of time. Every field but \`name\` has the default that the tenant's default program has. A tenant may have ${LIMITS.programs} programs.`,
  bodyName: 'ProgramRequest',
  request: { name: 'Instalment loans', currency: 'USD', ...POLICY_EXAMPLE },
  answer: PROGRAM_VERSION,
  problems: ['account_not_found', 'too_many_programs'],
};

const versionAbout: KeyedPostAbout = {
  id: 'createProgramVersion',
  tag: 'Configuration',
  summary: 'Add a version to a program',
  description: `A program is never edited: what changes, changes from a day on. What is left out stays as it is in the version in force on that day so far. Events use the version in force on their effective date; what was posted is not decided again. A program may have ${LIMITS.programVersions} versions.`,
  bodyName: 'ProgramVersionRequest',
  request: { effective_at: '2027-01-01', overpayment: 'suspense' },
  answer: ADDED_VERSION,
  problems: ['program_not_found', 'account_not_found', 'too_many_program_versions'],
};

/** POST /v1/programs: 201, 200, 400, 401, 403, 404, 409, 413, 415, 422, 503. */
export const programCreation: AdministrativeRoute<ProgramBody, NewProgram & { readonly policy: StoredPolicy }> = {
  path: '/v1/programs',
  scope: 'hpts:programs:write',
  about: programAbout,
  body: program,
  steps: ({ tenantId, body }) => ({
    prepare: async () => {
      const { name, currency } = body;
      const policy = { ...DEFAULT_PROGRAM_POLICY, ...statedPolicy(body) };
      return { prepared: { tenantId, programId: randomUUID(), name, currency, policy } };
    },
    async perform(transaction, wanted) {
      await raiseConfigEpoch(transaction, tenantId);
      const unknown = await unknownAccounts(transaction, tenantId, wanted.policy);
      if (unknown !== null) return { refusal: unknown };
      if (!(await insertProgram(transaction, wanted))) return { refusal: TOO_MANY_PROGRAMS };
      const first = { ...wanted, version: 1, effectiveFrom: null };
      return written(transaction, { ...wanted, isDefault: false }, first);
    },
  }),
};

/** POST /v1/programs/{program_id}/versions: 201, 200, 400, 401, 403, 404, 409, 413, 415, 422, 503. */
export const programVersionCreation: AdministrativeRoute<VersionBody, ProgramRef> = {
  path: '/v1/programs/:program_id/versions',
  scope: 'hpts:programs:write',
  about: versionAbout,
  body: version,
  steps: ({ tenantId, params, body }) => ({
    prepare: async () => {
      const programId = parseUuid(params['program_id'] ?? '');
      return programId === undefined ? { refusal: NO_PROGRAM } : { prepared: { tenantId, programId } };
    },
    async perform(transaction, ref) {
      await raiseConfigEpoch(transaction, tenantId);
      const known = await findProgram(transaction, ref);
      if (known === undefined) return { refusal: NO_PROGRAM };
      const policy = statedPolicy(body);
      const turned = otherBackdating(known, policy);
      if (turned !== null) return { refusal: turned };
      const unknown = await unknownAccounts(transaction, tenantId, policy);
      if (unknown !== null) return { refusal: unknown };
      const next = nextVersion(known, { ...ref, effectiveFrom: body.effective_at, policy });
      if (next === undefined) return { refusal: TOO_MANY_VERSIONS };
      return written(transaction, { ...ref, ...known }, next);
    },
  }),
};

const TOO_MANY_PROGRAMS: Problem = {
  code: 'too_many_programs',
  detail: `a tenant may have ${LIMITS.programs} programs`,
};

const TOO_MANY_VERSIONS: Problem = {
  code: 'too_many_program_versions',
  detail: `a program may have ${LIMITS.programVersions} versions`,
};

async function written(
  transaction: ActTransaction,
  ofProgram: NewProgram & { readonly isDefault: boolean },
  added: NewVersion,
): Promise<Done<Problem>> {
  const createdAt = await insertVersion(transaction, added);
  const { programId, name, currency } = ofProgram;
  const { effectiveFrom, policy } = added;
  const shown = { ...programObject(ofProgram), ...versionObject({ ...added, createdAt }) };
  const detail = { version: added.version, effective_from: effectiveFrom, policy };
  return {
    body: JSON.stringify(shown),
    act:
      added.version === 1
        ? { action: 'program.create', subject: programId, detail: { name, currency, ...detail } }
        : { action: 'program.version', subject: programId, detail },
  };
}

/** A loan's history is kept by one backdating policy from its first event on: no version names another than the first. */
function otherBackdating(known: KnownProgram, { backdating }: Partial<StoredPolicy>): Problem | null {
  const first = known.versions[0]?.policy.backdating;
  if (backdating === undefined || backdating === first) return null;
  const message = `must be ${first}, as in version 1; make another program for loans of another`;
  return validationProblem([{ field: 'backdating', code: 'invalid_value', message }]);
}

/** Every account that a fee type names must be in the chart; accounts are never removed from it. */
async function unknownAccounts(
  transaction: ActTransaction,
  tenantId: string,
  { fee_types: feeTypes = [] }: Partial<StoredPolicy>,
): Promise<Problem | null> {
  const codes = [...new Set(feeTypes.map(({ income_account }) => Number(income_account)))];
  const missing = await missingAccounts(transaction, tenantId, codes);
  if (missing.size === 0) return null;
  const errors = feeTypes.flatMap(({ income_account: code }, index) => {
    if (!missing.has(Number(code))) return [];
    const message = `the chart has no account ${code}; add it first`;
    return [{ field: `fee_types[${index}].income_account`, code: 'account_not_found', message }];
  });
  const detail = `the chart has no account ${[...missing].map(formatAccountCode).join(', ')}`;
  return { code: 'account_not_found', detail, errors };
}
