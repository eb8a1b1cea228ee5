import { FISCAL_YEAR_END_MONTH_DEFAULT } from '../domain/period.ts';
import { createTenant } from '../postgres/access/tenant.ts';
import { administrationCommand, optionalText, requiredText, UsageError } from './administration-command.ts';
import type { Command } from './command.ts';

/** `hpts tenant create` */
export const tenantCreate: Command = administrationCommand({
  words: ['tenant', 'create'],
  summary: 'make a tenant with its default program and chart of accounts',
  help: `Usage: npx hpts tenant create --name NAME [--timezone ZONE] [--currency CODE]
                                [--fiscal-year-end MONTH] [--json]

Makes a tenant: a lender with books of its own, which no other tenant sees.

  --name NAME       1 to 200 characters; need not be unique
  --timezone ZONE   decides which day it is; a name of the IANA database (default UTC)
  --currency CODE   the currency of reports that name none; ISO 4217 (default USD)
  --fiscal-year-end MONTH
                    the month with which its fiscal years end, 1 to 12 (default 12)
  --json            print {"tenant_id", "default_program_id"} and nothing else

Exit: 0 made, 1 refused, 2 called wrongly.`,
  options: {
    name: { type: 'string' },
    timezone: { type: 'string' },
    currency: { type: 'string' },
    'fiscal-year-end': { type: 'string' },
  },
  read: (values) => {
    const tenant = {
      name: requiredText(values, 'name'),
      timezone: optionalText(values, 'timezone') ?? 'UTC',
      currency: optionalText(values, 'currency') ?? 'USD',
      fiscalYearEndMonth: monthOf(optionalText(values, 'fiscal-year-end')),
    };
    return async ({ address }, { actor }) => {
      const { tenantId, defaultProgramId } = await createTenant(address, tenant, { actor });
      return {
        json: { tenant_id: tenantId, default_program_id: defaultProgramId },
        lines: [
          `tenant           ${tenantId}`,
          `default program  ${defaultProgramId}`,
          `Next: npx hpts client create --tenant ${tenantId} --scope "hpts:ledger:read"`,
        ],
      };
    };
  },
});

function monthOf(text: string | undefined): number {
  if (text === undefined) return FISCAL_YEAR_END_MONTH_DEFAULT;
  if (!/^(?:[1-9]|1[0-2])$/.test(text)) throw new UsageError('--fiscal-year-end takes a month from 1 to 12');
  return Number(text);
}
