import { formatAccountCode, parseAccountCode } from '../../domain/account-code.ts';
import { ACCOUNT_TYPES, type ChartAccount, misfitOf, normalSideOf } from '../../domain/chart-of-accounts.ts';
import { insertAccount, renameAccount } from '../../postgres/configuration/chart-registry.ts';
import { raiseConfigEpoch } from '../../postgres/configuration/configuration-epoch.ts';
import type { AdministrativeRoute } from '../administrative-operation.ts';
import { described, nameField, objectField, patternField, wordField } from '../field-reader.ts';
import type { KeyedPostAbout } from '../openapi/about.ts';
import { type Problem, validationProblem } from '../problem.ts';
import { ACCOUNT, accountObject, NO_ACCOUNT } from './accounts.ts';

const account = objectField(
  {
    account_code: described(patternField(/^[0-9]{4}$/), 'Four digits that no account of the chart has.'),
    name: nameField,
    type: described(
      wordField(ACCOUNT_TYPES),
      'Income and expense accounts are 4xxx or 5xxx, memo accounts 9xxx, all others neither; 41xx is income.',
    ),
  },
  {},
);

const rename = objectField({ name: nameField }, {});

type AccountBody = NonNullable<ReturnType<typeof account.read>>;
type RenameBody = NonNullable<ReturnType<typeof rename.read>>;

const accountAbout: KeyedPostAbout = {
  id: 'createAccount',
  tag: 'Configuration',
  summary: 'Add an account to the chart',
  description: 'An account keeps its code and its type for ever; only its name may change.',
  bodyName: 'AccountRequest',
  request: { account_code: '4110', name: 'Late fee income', type: 'income' },
  answer: ACCOUNT,
  problems: ['account_already_exists'],
};

const renameAbout: KeyedPostAbout = {
  id: 'renameAccount',
  tag: 'Configuration',
  summary: 'Rename an account',
  description: 'The name is that of the chart as it stands, in every answer from now on; no line changes.',
  bodyName: 'AccountNameRequest',
  request: { name: 'Late fee income' },
  answer: ACCOUNT,
  problems: ['account_not_found'],
};

/** POST /v1/accounts: 201, 200, 400, 401, 403, 409, 413, 415, 422, 503. */
export const accountCreation: AdministrativeRoute<AccountBody, Omit<ChartAccount, 'normalSide'>> = {
  path: '/v1/accounts',
  scope: 'hpts:programs:write',
  about: accountAbout,
  body: account,
  steps: ({ tenantId, body }) => ({
    prepare: async () => {
      const { name, type } = body;
      const code = Number(body.account_code);
      const misfit = misfitOf({ code, type });
      if (misfit !== null) {
        return { refusal: validationProblem([{ field: 'type', code: 'invalid_value', message: misfit }]) };
      }
      return { prepared: { code, name, type } };
    },
    async perform(transaction, added) {
      await raiseConfigEpoch(transaction, tenantId);
      const subject = formatAccountCode(added.code);
      if (!(await insertAccount(transaction, tenantId, added))) return { refusal: alreadyThere(subject) };
      const { name, type } = added;
      return {
        body: JSON.stringify(accountObject({ ...added, normalSide: normalSideOf(type) })),
        act: { action: 'account.create', subject, detail: { name, type } },
      };
    },
  }),
};

/** POST /v1/accounts/{account_code}/names: 201, 200, 400, 401, 403, 404, 409, 413, 415, 422, 503. */
export const accountRenaming: AdministrativeRoute<RenameBody, number> = {
  path: '/v1/accounts/:account_code/names',
  scope: 'hpts:programs:write',
  about: renameAbout,
  body: rename,
  steps: ({ tenantId, params, body: { name } }) => ({
    prepare: async () => {
      const code = parseAccountCode(params['account_code'] ?? '');
      return code === undefined ? { refusal: NO_ACCOUNT } : { prepared: code };
    },
    async perform(transaction, code) {
      await raiseConfigEpoch(transaction, tenantId);
      const type = await renameAccount(transaction, tenantId, { code, name });
      if (type === undefined) return { refusal: NO_ACCOUNT };
      return {
        body: JSON.stringify(accountObject({ code, name, type, normalSide: normalSideOf(type) })),
        act: { action: 'account.rename', subject: formatAccountCode(code), detail: { name } },
      };
    },
  }),
};

function alreadyThere(code: string): Problem {
  return { code: 'account_already_exists', detail: `the chart has an account ${code} already` };
}
