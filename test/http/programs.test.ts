import { describe, expect, test } from 'vitest';
import { DEFAULT_PROGRAM_POLICY } from '../../src/domain/default-program.ts';
import { LIMITS } from '../../src/limits.ts';
import { expectNothingDone, testAdministrativeGates } from './administrative-gates.ts';
import { serveLedger } from './ledger-server.ts';
import { holdLoan } from './loan-lock.ts';
import { DAY, disbursement, fee, NOBODY, newLoan, payment, posted, unmadeLoan } from './loan-story.ts';
import { expectProblem, expectRefusal } from './problem.ts';
import { newProgram } from './program-story.ts';
import { testReadingGates } from './reading-gates.ts';
import { type TenantApi, textAt } from './tenant-api.ts';

const ledger = await serveLedger();
const { api } = ledger;

const NAME = { name: 'Instalment loans' };
const EVERYTHING = {
  name: 'Instalment loans',
  currency: 'EUR',
  waterfall: ['interest', 'principal', 'fees'],
  day_count_convention: 'THIRTY_E_360',
  annual_rates: [
    { from: '2026-06-01', rate: '0.0825' },
    { from: '2026-01-01', rate: '0.079900000001' },
  ],
  rounding: 'half_up',
  overpayment: 'reject',
  backdating: 'replay',
  returns: 'principal',
  chargeoff: 'allowance',
  principal_check: 'reject',
  fee_types: [{ fee_type: 'late_fee', income_account: '4100' }],
};

describe('POST /v1/programs as any administrative POST', () => {
  testAdministrativeGates({
    ledger: () => ledger,
    name: '/v1/programs',
    scope: 'hpts:programs:write',
    allow: 'GET, HEAD, POST',
    valid: async () => ({ path: '/v1/programs', body: NAME }),
  });
});

describe('POST /v1/programs/{program_id}/versions as any administrative POST', () => {
  testAdministrativeGates({
    ledger: () => ledger,
    name: '/v1/programs/{program_id}/versions',
    scope: 'hpts:programs:write',
    valid: async (tenant) => ({
      path: `/v1/programs/${await newProgram(tenant)}/versions`,
      body: { effective_at: '2026-06-01', overpayment: 'reject' },
    }),
  });
});

describe('GET /v1/programs', () => {
  testReadingGates({
    ledger: () => ledger,
    scope: 'hpts:programs:read',
    alsoPost: true,
    valid: async () => '/v1/programs',
  });
});

describe('GET /v1/programs/{program_id}', () => {
  testReadingGates({
    ledger: () => ledger,
    scope: 'hpts:programs:read',
    valid: async () => `/v1/programs/${api.defaultProgramId}`,
  });
});

test('POST /v1/programs: 201, every field but name at its default', async () => {
  const answer = await api.post('/v1/programs', NAME);
  expect(answer.status).toBe(201);
  expect(answer.json).toEqual({
    program_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    name: NAME.name,
    currency: null,
    is_default: false,
    version: 1,
    effective_at: null,
    created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
    waterfall: ['fees', 'interest', 'principal'],
    day_count_convention: 'ACT_365',
    annual_rates: [],
    rounding: 'half_even',
    overpayment: 'suspense',
    backdating: 'append',
    returns: 'mirror',
    chargeoff: 'direct',
    principal_check: 'record',
    fee_types: [],
  });
});

test('POST /v1/programs: 201, every field as it was sent, rates in the order of their dates; GET answers the same', async () => {
  const answer = await posted(api.post('/v1/programs', EVERYTHING));
  const rates = EVERYTHING.annual_rates.toReversed();
  expect(answer.json).toMatchObject({ ...EVERYTHING, annual_rates: rates, version: 1, effective_at: null });
  const { program_id, name, currency, is_default, ...version } = answer.json as Record<string, unknown>;
  const read = await api.get(`/v1/programs/${String(program_id)}`);
  expect([read.status, read.json]).toEqual([200, { program_id, name, currency, is_default, versions: [version] }]);
});

test('POST /v1/programs: 201, the act is in the audit log, with its policy', async () => {
  const programId = await newProgram(api, { overpayment: 'reject' });
  const rows = await ledger.sql('SELECT actor, action, detail FROM hpts.audit_event WHERE subject = $1', [programId]);
  expect(rows).toEqual([
    {
      actor: api.clientId,
      action: 'program.create',
      detail: {
        name: 'Another program',
        currency: null,
        version: 1,
        effective_from: null,
        policy: { ...DEFAULT_PROGRAM_POLICY, overpayment: 'reject' },
      },
    },
  ]);
});

describe('POST /v1/programs: 400 validation_failed', () => {
  const table: [string, object, string, string][] = [
    ['no name', { name: undefined }, 'name', 'required'],
    ['a blank name', { name: '  ' }, 'name', 'invalid_format'],
    ['a name of 201 characters', { name: 'n'.repeat(201) }, 'name', 'invalid_format'],
    ['a name on two lines', { name: 'a\nb' }, 'name', 'invalid_format'],
    ['a currency that is none', { currency: 'XXX' }, 'currency', 'invalid_format'],
    ['a waterfall of two', { waterfall: ['fees', 'interest'] }, 'waterfall', 'out_of_range'],
    ['a waterfall with one twice', { waterfall: ['fees', 'fees', 'interest'] }, 'waterfall', 'invalid_format'],
    ['a component that is none', { waterfall: ['fees', 'interest', 'suspense'] }, 'waterfall[2]', 'invalid_format'],
    ['a day count that is none', { day_count_convention: 'ACT_364' }, 'day_count_convention', 'invalid_format'],
    [
      'a rate with a sign',
      { annual_rates: [{ from: DAY.paid, rate: '-0.1' }] },
      'annual_rates[0].rate',
      'invalid_format',
    ],
    [
      'a rate that is a number',
      { annual_rates: [{ from: DAY.paid, rate: 0.1 }] },
      'annual_rates[0].rate',
      'invalid_type',
    ],
    [
      'two rates from one day',
      {
        annual_rates: [
          { from: DAY.paid, rate: '0.1' },
          { from: DAY.paid, rate: '0.2' },
        ],
      },
      'annual_rates[1].from',
      'duplicate',
    ],
    ['a rounding that is none', { rounding: 'up' }, 'rounding', 'invalid_format'],
    ['an over-payment policy that is none', { overpayment: 'keep' }, 'overpayment', 'invalid_format'],
    ['a backdating policy that is none', { backdating: 'rewrite' }, 'backdating', 'invalid_format'],
    ['a policy of returns that is none', { returns: 'interest' }, 'returns', 'invalid_format'],
    ['a charge-off policy that is none', { chargeoff: 'indirect' }, 'chargeoff', 'invalid_format'],
    ['a principal check that is none', { principal_check: 'ignore' }, 'principal_check', 'invalid_format'],
    [
      'an income account that is not 41xx',
      { fee_types: [{ fee_type: 'late_fee', income_account: '4000' }] },
      'fee_types[0].income_account',
      'invalid_format',
    ],
    [
      'a fee type twice',
      { fee_types: [1, 2].map(() => ({ fee_type: 'late_fee', income_account: '4100' })) },
      'fee_types[1].fee_type',
      'duplicate',
    ],
    ['an effective date, which version 1 has not', { effective_at: DAY.paid }, 'effective_at', 'unknown_field'],
  ];
  test.each(table)('%s', async (_title, changes, field, code) => {
    const refused = { status: 400, code: 'validation_failed', fields: [field], fieldCodes: [code] } as const;
    await expectNothingDone(ledger, () => api.post('/v1/programs', { ...NAME, ...changes }), refused);
  });
});

test('POST /v1/programs: 404 account_not_found, an income account that is not in the chart; 201 once it is', async () => {
  const tenant = await ledger.newTenant();
  const body = {
    ...NAME,
    fee_types: [
      { fee_type: 'late_fee', income_account: '4100' },
      { fee_type: 'nsf_fee', income_account: '4150' },
    ],
  };
  const refused = { status: 404, code: 'account_not_found', fields: ['fee_types[1].income_account'] } as const;
  await expectNothingDone(ledger, () => tenant.post('/v1/programs', body), refused);
  await posted(tenant.post('/v1/accounts', { account_code: '4150', name: 'NSF fee income', type: 'income' }));
  await posted(tenant.post('/v1/programs', body));
});

test('POST /v1/programs: 422 too_many_programs', async () => {
  const tenant = await ledger.newTenant();
  await ledger.sql(
    `INSERT INTO hpts.program (tenant_id, program_id, name) SELECT $1, gen_random_uuid(), 'one of many'
     FROM generate_series(2, $2::int)`,
    [tenant.tenantId, LIMITS.programs],
  );
  await expectNothingDone(ledger, () => tenant.post('/v1/programs', NAME), { status: 422, code: 'too_many_programs' });
});

describe('POST /v1/programs/{program_id}/versions', () => {
  const path = (programId: string) => `/v1/programs/${programId}/versions`;

  test('201: what is left out stays as the version says that is in force on that day', async () => {
    const programId = await newProgram(api, { waterfall: ['interest', 'fees', 'principal'] });
    const second = await posted(api.post(path(programId), { effective_at: '2026-06-01', overpayment: 'reject' }));
    const third = await posted(api.post(path(programId), { effective_at: '2026-03-01', rounding: 'down' }));
    const fourth = await posted(api.post(path(programId), { effective_at: '2027-01-01', annual_rates: [] }));
    const waterfall = ['interest', 'fees', 'principal'];
    const said = { name: 'Another program', waterfall };
    expect(second.json).toMatchObject({ ...said, version: 2, effective_at: '2026-06-01', overpayment: 'reject' });
    expect(third.json).toMatchObject({ ...said, version: 3, overpayment: 'suspense', rounding: 'down' });
    expect(fourth.json).toMatchObject({ ...said, version: 4, overpayment: 'reject', rounding: 'half_even' });
    const read = await api.get(`/v1/programs/${programId}`);
    expect(read.json).toMatchObject({ versions: [{ version: 1 }, { version: 2 }, { version: 3 }, { version: 4 }] });
  });

  test('201: the default program has versions as any other', async () => {
    const tenant = await ledger.newTenant();
    const answer = await posted(tenant.post(path(tenant.defaultProgramId), { effective_at: DAY.paid }));
    expect(answer.json).toMatchObject({ is_default: true, version: 2, effective_at: DAY.paid });
  });

  test('201: an event uses the version in force on its effective date', async () => {
    const tenant = await ledger.newTenant();
    const programId = await newProgram(tenant);
    const body = { effective_at: DAY.paid, waterfall: ['principal', 'interest', 'fees'] };
    await posted(tenant.post(path(programId), body));
    const loan = unmadeLoan();
    await posted(tenant.post('/v1/disbursements', disbursement(loan, { program_id: programId })));
    await posted(tenant.post('/v1/fees', fee(loan)));
    const pay = (day: string) => payment(loan, { amount_minor: '100', effective_at: day });
    const before = await posted(tenant.post('/v1/payments', pay(DAY.accrued)));
    const after = await posted(tenant.post('/v1/payments', pay(DAY.paid)));
    expect(before.json).toMatchObject({ allocation: { fees_minor: '100', principal_minor: '0' } });
    expect(after.json).toMatchObject({ allocation: { fees_minor: '0', principal_minor: '100' } });
  });

  test('201: of two versions from one day the later one is in force', async () => {
    const tenant = await ledger.newTenant();
    const versions = path(tenant.defaultProgramId);
    await posted(tenant.post(versions, { effective_at: DAY.paid, overpayment: 'reject' }));
    const loan = await newLoan(tenant, { principal: '100' });
    const tooMuch = payment(loan, { amount_minor: '101' });
    await expectRefusal(ledger, () => tenant.post('/v1/payments', tooMuch), {
      status: 422,
      code: 'amount_exceeds_outstanding',
      fields: ['amount_minor'],
    });
    await posted(tenant.post(versions, { effective_at: DAY.paid, overpayment: 'suspense' }));
    await posted(tenant.post('/v1/payments', tooMuch));
  });

  test('201: a batch that was decided under the version before is decided again', async () => {
    const tenant = await ledger.newTenant();
    const loan = await newLoan(tenant, { principal: '100' });
    const tooMuch = () => tenant.post('/v1/payments', payment(loan, { amount_minor: '101' }));
    const headIsFree = await holdHead(tenant);
    const waiting = tooMuch();
    await headIsFree.untilWaiting();
    // What POST …/versions commits while the batch, decided under the old policy, waits for the head.
    await headIsFree.release({ overpayment: 'reject' });
    expectProblem(await waiting, { status: 422, code: 'amount_exceeds_outstanding', fields: ['amount_minor'] });
  });

  test('201: while payments of the tenant go on, each is decided under the version before or behind, none in between', async () => {
    const tenant = await ledger.newTenant();
    const loan = await newLoan(tenant, { principal: '10', fees: '100000' });
    const pay = () => tenant.post('/v1/payments', payment(loan, { amount_minor: '2' }));
    const early = Array.from({ length: 40 }, pay);
    const changed = tenant.post(path(tenant.defaultProgramId), {
      effective_at: DAY.paid,
      waterfall: ['principal', 'fees', 'interest'],
    });
    const late = Array.from({ length: 40 }, pay);
    const version = await posted(changed);
    const answers = await Promise.all([...early, ...late].map(posted));
    // All of them may have been posted before the version: so many payments take what there is of principal.
    for (let left = 10; left > 0; left -= 2) await posted(pay());
    const behind = await posted(pay());
    expect(behind.json).toMatchObject({ allocation: { fees_minor: '2' } });
    const at = textAt(version, 'created_at');
    const wrong = answers.filter((answer) => {
      const allocation = Reflect.get(Object(answer.json), 'allocation') as Record<string, string>;
      return textAt(answer, 'posted_at') < at && allocation['principal_minor'] !== '0';
    });
    expect(wrong).toEqual([]);
    expect(await tenant.balanceText(loan.loanId)).toContain('"principal_outstanding_minor":"0"');
  });

  test('400 validation_failed: no effective_at; a name, which a version has not', async () => {
    const programId = await newProgram(api);
    const send = () => api.post(path(programId), { name: 'Other', overpayment: 'reject' });
    const fields = ['effective_at', 'name'];
    await expectNothingDone(ledger, send, { status: 400, code: 'validation_failed', fields });
  });

  test('400 validation_failed: another backdating policy than that of version 1', async () => {
    const programId = await newProgram(api, { backdating: 'replay' });
    const send = () => api.post(path(programId), { effective_at: DAY.paid, backdating: 'append' });
    const refused = { status: 400, code: 'validation_failed', fields: ['backdating'] } as const;
    await expectNothingDone(ledger, send, { ...refused, fieldCodes: ['invalid_value'] });
    await posted(api.post(path(programId), { effective_at: DAY.paid, backdating: 'replay' }));
  });

  test('POST /v1/programs/{program_id}/versions: 404 program_not_found, account_not_found', async () => {
    const missing = { status: 404, code: 'program_not_found' } as const;
    for (const id of [NOBODY, 'first']) {
      await expectNothingDone(ledger, () => api.post(path(id), { effective_at: DAY.paid }), missing);
    }
    const programId = await newProgram(api);
    const feeTypes = [{ fee_type: 'late_fee', income_account: '4199' }];
    const send = () => api.post(path(programId), { effective_at: DAY.paid, fee_types: feeTypes });
    const fields = ['fee_types[0].income_account'];
    await expectNothingDone(ledger, send, { status: 404, code: 'account_not_found', fields });
  });

  test('422 too_many_program_versions', async () => {
    const programId = await newProgram(api);
    await ledger.sql(
      `INSERT INTO hpts.program_version (tenant_id, program_id, version, effective_from, policy)
       SELECT tenant_id, program_id, number, '2026-01-01', policy
       FROM hpts.program_version CROSS JOIN generate_series(2, $2::int) AS n (number) WHERE program_id = $1`,
      [programId, LIMITS.programVersions],
    );
    const send = () => api.post(path(programId), { effective_at: DAY.paid });
    await expectNothingDone(ledger, send, { status: 422, code: 'too_many_program_versions' });
  });

  /** Holds the tenant's head as an administrative act does, and commits a version of its default program with the release. */
  async function holdHead(tenant: TenantApi) {
    const holder = await ledger.connection();
    const loanLock = await holdLoan(ledger, NOBODY);
    await holder.query('BEGIN');
    await holder.query('UPDATE hpts.tenant_head SET config_epoch = config_epoch + 1 WHERE tenant_id = $1', [
      tenant.tenantId,
    ]);
    return {
      untilWaiting: loanLock.untilWaiting,
      async release(policy: object) {
        await holder.query(
          `INSERT INTO hpts.program_version (tenant_id, program_id, version, effective_from, policy)
           SELECT tenant_id, program_id, 2, '2026-01-01', policy || $2::jsonb
           FROM hpts.program_version WHERE tenant_id = $1 AND version = 1`,
          [tenant.tenantId, JSON.stringify(policy)],
        );
        await holder.query('COMMIT');
        await loanLock.release();
      },
    };
  }
});

describe('GET /v1/programs', () => {
  test('200: in pages, each program with the version in force today', async () => {
    const tenant = await ledger.newTenant();
    const ids = [tenant.defaultProgramId];
    for (let made = 0; made < 4; made += 1) ids.push(await newProgram(tenant));
    await posted(tenant.post(`/v1/programs/${ids[1]}/versions`, { effective_at: '2026-01-01', rounding: 'down' }));
    await posted(tenant.post(`/v1/programs/${ids[1]}/versions`, { effective_at: '2999-01-01', rounding: 'half_up' }));
    const seen: Record<string, unknown>[] = [];
    for (let token: string | null = ''; token !== null; ) {
      const page = await tenant.get(`/v1/programs?page_size=2${token}`);
      const { items, next_page_token: next } = page.json as { items: []; next_page_token: string | null };
      seen.push(...items);
      token = next === null ? null : `&page_token=${next}`;
    }
    expect(seen.map((one) => one['program_id'])).toEqual(ids.toSorted());
    expect(seen.filter((one) => one['is_default']).map((one) => one['program_id'])).toEqual([ids[0]]);
    expect(seen.find((one) => one['program_id'] === ids[1])).toMatchObject({ version: 2, rounding: 'down' });
  });

  test('GET /v1/programs: 400 invalid_page_token, validation_failed', async () => {
    expectProblem(await api.get('/v1/programs?page_token=nothing'), { status: 400, code: 'invalid_page_token' });
    const tooLarge = await api.get('/v1/programs?page_size=501');
    expectProblem(tooLarge, { status: 400, code: 'validation_failed', fields: ['page_size'] });
  });

  test('GET /v1/programs/{program_id}: 404 program_not_found', async () => {
    for (const id of [NOBODY, 'first']) {
      expectProblem(await api.get(`/v1/programs/${id}`), { status: 404, code: 'program_not_found' });
    }
  });
});

describe('what programs decide', () => {
  test('over-payment `reject`: more than is outstanding, but what a split puts into suspense; on PENDING nothing is judged', async () => {
    const programId = await newProgram(api, { overpayment: 'reject' });
    const loan = unmadeLoan();
    await posted(api.post('/v1/disbursements', disbursement(loan, { program_id: programId, amount_minor: '100' })));
    const refused = { status: 422, code: 'amount_exceeds_outstanding', fields: ['amount_minor'] } as const;
    const much = payment(loan, { amount_minor: '101' });
    const credit = { ...much, source_method: undefined };
    await expectRefusal(ledger, () => api.post('/v1/payments', much), refused);
    await expectRefusal(ledger, () => api.post('/v1/goodwill-credits', credit), refused);
    await posted(api.post('/v1/payments', { ...much, layer: 'PENDING' }));
    await posted(api.post('/v1/payments', { ...much, allocation: { principal_minor: '99', suspense_minor: '2' } }));
    await posted(api.post('/v1/goodwill-credits', { ...credit, amount_minor: '1' }));
  });

  test('a fee type posts to the income account that the program names, assessed or withheld', async () => {
    const tenant = await ledger.newTenant();
    await posted(tenant.post('/v1/accounts', { account_code: '4110', name: 'Late fees', type: 'income' }));
    const programId = await newProgram(tenant, { fee_types: [{ fee_type: 'late_fee', income_account: '4110' }] });
    const loan = unmadeLoan();
    const fees = [
      { fee_type: 'late_fee', amount_minor: '7' },
      { fee_type: 'other', amount_minor: '5' },
    ];
    await posted(tenant.post('/v1/disbursements', disbursement(loan, { program_id: programId, fees })));
    await posted(tenant.post('/v1/fees', fee(loan, { amount_minor: '20' })));
    const credited = async (code: string) =>
      textAt(await tenant.get(`/v1/accounts/${code}/balance?currency=USD`), 'normal_balance_minor');
    expect([await credited('4110'), await credited('4100')]).toEqual(['27', '5']);
  });

  test("a loan is kept in its program's currency: 422 currency_mismatch", async () => {
    const programId = await newProgram(api, { currency: 'EUR' });
    const send = () => api.post('/v1/disbursements', disbursement(unmadeLoan(), { program_id: programId }));
    await expectRefusal(ledger, send, { status: 422, code: 'currency_mismatch', fields: ['currency'] });
    await posted(api.post('/v1/disbursements', disbursement(unmadeLoan('EUR'), { program_id: programId })));
  });
});
