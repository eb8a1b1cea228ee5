import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { verify } from '../../src/cli/verify.ts';
import { serveLedger } from '../http/ledger-server.ts';
import { allowance } from './stories/allowance.ts';
import { amortisingLoan } from './stories/amortising-loan.ts';
import { backdatedPaymentAppend } from './stories/backdated-payment-append.ts';
import { backdatedPaymentReplay } from './stories/backdated-payment-replay.ts';
import { batchCorrection } from './stories/batch-correction.ts';
import { bouncedAch } from './stories/bounced-ach.ts';
import { chargeOffWithRecovery } from './stories/charge-off-with-recovery.ts';
import { earlyPayoff } from './stories/early-payoff.ts';
import { fraudChargeOff } from './stories/fraud-charge-off.ts';
import { goodwillCredit } from './stories/goodwill-credit.ts';
import { loanTakenOver } from './stories/loan-taken-over.ts';
import { moneyOnItsWay } from './stories/money-on-its-way.ts';
import { nonAccrualAndCure } from './stories/non-accrual-and-cure.ts';
import { overPaymentAndRefund } from './stories/over-payment-and-refund.ts';
import { refinanceWithNewMoney } from './stories/refinance-with-new-money.ts';
import { restructuredLoan } from './stories/restructured-loan.ts';
import { reversedDisbursement } from './stories/reversed-disbursement.ts';
import { severalCurrencies } from './stories/several-currencies.ts';
import { Story, type StoryScript } from './story.ts';

const STORIES: readonly StoryScript[] = [
  amortisingLoan,
  earlyPayoff,
  overPaymentAndRefund,
  bouncedAch,
  moneyOnItsWay,
  backdatedPaymentAppend,
  backdatedPaymentReplay,
  chargeOffWithRecovery,
  fraudChargeOff,
  restructuredLoan,
  refinanceWithNewMoney,
  nonAccrualAndCure,
  reversedDisbursement,
  severalCurrencies,
  loanTakenOver,
  goodwillCredit,
  batchCorrection,
  allowance,
];

const FOLDER = join(import.meta.dirname, 'stories');
const PAGE = join(import.meta.dirname, '../../docs/worked-loans.md');

const ledger = await serveLedger();

describe('worked loans', () => {
  for (const script of STORIES) test(script.title, async () => Story.run(script, await ledger.newTenant()));

  test('each story is told, and each has its journal beside it', () => {
    const files = readdirSync(FOLDER);
    const names = STORIES.flatMap(({ name }) => [`${name}.journal.txt`, `${name}.ts`]);
    expect(files.sort()).toEqual(names.sort());
  });

  test('docs/worked-loans.md links to every story, and quotes their journals as they are recorded', () => {
    const page = readFileSync(PAGE, 'utf8');
    const links = [...page.matchAll(/test\/examples\/stories\/([a-z-]+)\.ts\)/g)].map((match) => match[1]);
    expect(links).toEqual(STORIES.map(({ name }) => name));
    const journals = STORIES.map(({ name }) => readFileSync(join(FOLDER, `${name}.journal.txt`), 'utf8'));
    const recorded = new Set(journals.flatMap((text) => text.trim().split('\n\n')));
    const quoted = [...page.matchAll(/```text\n(.*?)\n```/gs)].flatMap((match) => (match[1] ?? '').split('\n\n'));
    expect(quoted.length).toBeGreaterThan(0);
    expect(quoted.filter((block) => !recorded.has(block))).toEqual([]);
  });

  test('hpts verify finds nothing in the books of all stories', async () => {
    const lines: string[] = [];
    const code = await verify.run([], {
      openDatabase: () => Promise.reject(new Error('a database was opened to write in')),
      openLedger: async () => ({ address: ledger.address, name: 'the one of this test', close: async () => undefined }),
      out: (line) => lines.push(line),
      err: (line) => lines.push(line),
      env: {},
    });
    expect([code, lines.at(-1)]).toEqual([0, expect.stringMatching(/^ledger verified: [1-9]\d* entries/)]);
  });
});
