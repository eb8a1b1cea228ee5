import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '../config.ts';
import { startServer } from '../main.ts';
import { DEMO_CREDENTIALS } from '../postgres/access/demo.ts';
import { letServerPass, packageFolder, presentDataFolder } from '../postgres/embedded/data-folder.ts';
import { openEmbedded } from '../postgres/embedded/embedded-server.ts';
import { liveInstance } from '../postgres/embedded/instance-file.ts';
import { notedPlace } from '../postgres/embedded/place.ts';
import type { Command, CommandContext } from './command.ts';
import { untilTold } from './end-signal.ts';

const LOAN_ID = '11111111-1111-1111-1111-111111111111';
const PAYMENT = {
  loan_id: LOAN_ID,
  borrower_id: '22222222-2222-2222-2222-222222222222',
  amount_minor: '88849',
  currency: 'USD',
  effective_at: '2026-05-01',
  source_method: 'ach',
  external_ref: 'stripe_ch_xyz123',
};

/** `hpts quickstart`, which is what `npm run quickstart` runs. */
export const quickstart: Command = {
  words: ['quickstart'],
  summary: 'run the four calls of the quickstart and check every figure (npm run quickstart)',
  help: `Usage: npx hpts quickstart

Gets a token, checks that the server is live, posts the quickstart's payment and reads the balance, over HTTP: against the
demo instance that runs on the data folder, or else against one of its own in a temporary folder. Shows each request and
its answer. Run twice against the same instance it shows the replay: 200 and the first answer, byte for byte.
Exit: 0 every figure is right, 1 one is not, 2 called wrongly.`,
  run: async (argv, context) => {
    if (argv.includes('--help') || argv.includes('-h')) {
      context.out(quickstart.help);
      return 0;
    }
    if (argv.length > 0) {
      context.err(`hpts quickstart takes no arguments, got ${argv.join(' ')}`);
      return 2;
    }
    const { dataDir } = presentDataFolder({ env: context.env, packageDir: packageFolder() });
    const running = dataDir === undefined ? undefined : liveInstance(dataDir);
    if (running !== undefined) {
      context.out(`Against the running instance ${running.url}`);
      return (await fourCalls(running.url, context)) ? 0 : 1;
    }
    return onInstanceOfItsOwn(context);
  },
};

async function onInstanceOfItsOwn(context: CommandContext): Promise<number> {
  const told = untilTold({ patient: true });
  const dataDir = await mkdtemp(join(tmpdir(), 'hpts-quickstart-'));
  try {
    letServerPass(dataDir);
    const embedded = await openEmbedded({ dataDir });
    try {
      const config = readConfig({ HPTS_LOG_LEVEL: 'warn' });
      const server = await startServer({ config, address: embedded.connection, demoFolder: dataDir });
      try {
        context.out(`No instance is running; against one of its own at ${server.url}`);
        const ended = told.then((signal) => {
          context.err(`${signal}: ended before every figure was checked`);
          return false;
        });
        return (await Promise.race([ended, fourCalls(server.url, context)])) ? 0 : 1;
      } finally {
        await server.stop();
      }
    } finally {
      await embedded.stop();
    }
  } finally {
    // Where even so PostgreSQL could not work in it, its files lie elsewhere.
    for (const dir of [notedPlace(dataDir), dataDir]) {
      if (dir !== undefined) await rm(dir, { recursive: true, force: true });
    }
  }
}

type Call = {
  readonly title: string;
  readonly url: string;
  readonly method: 'GET' | 'POST';
  readonly headers: Record<string, string>;
  readonly body?: string;
};
type Answer = { readonly status: number; readonly replayed: boolean; readonly body: Readonly<Record<string, unknown>> };

/** Makes the calls in order; true when every figure is the one that the quickstart promises. */
async function fourCalls(url: string, context: CommandContext): Promise<boolean> {
  const wrong: string[] = [];
  const expect = (what: string, found: unknown, wanted: unknown): void => {
    if (found !== wanted) wrong.push(`${what} is ${JSON.stringify(found)}, must be ${JSON.stringify(wanted)}`);
  };
  const token = await show(context, {
    title: 'Step 1: Get an access token',
    url: `${url}/oauth2/token`,
    method: 'POST',
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: DEMO_CREDENTIALS.clientId,
      client_secret: DEMO_CREDENTIALS.clientSecret,
      scope: 'hpts:payments:write hpts:balances:read hpts:ledger:read',
    }).toString(),
  });
  expect('the status of the token request', token.status, 200);
  expect('token_type', token.body['token_type'], 'Bearer');
  expect('expires_in', token.body['expires_in'], 3600);
  const authorization = { Authorization: `Bearer ${String(token.body['access_token'])}` };

  const live = await show(context, {
    title: 'Step 2: Verify connectivity',
    url: `${url}/v1/health/live`,
    method: 'GET',
    headers: {},
  });
  expect('the status of health/live', live.status, 200);
  expect('status', live.body['status'], 'ok');

  const payment = await show(context, {
    title: 'Step 3: Post your first payment',
    url: `${url}/v1/payments`,
    method: 'POST',
    headers: {
      ...authorization,
      'Content-Type': 'application/json',
      'Idempotency-Key': 'payment:loan_42:proc_txn_abc123',
    },
    body: JSON.stringify(PAYMENT, null, 2),
  });
  expect('the status of the payment', payment.status, payment.replayed ? 200 : 201);
  const allocation = payment.body['allocation'] as Record<string, unknown> | undefined;
  expect('allocation.fees_minor', allocation?.['fees_minor'], '500');
  expect('allocation.interest_minor', allocation?.['interest_minor'], '10000');
  expect('allocation.principal_minor', allocation?.['principal_minor'], '78349');
  expect('allocation.suspense_minor', allocation?.['suspense_minor'], '0');

  const balance = await show(context, {
    title: 'Step 4: Read the loan balance',
    url: `${url}/v1/loans/${LOAN_ID}/balance`,
    method: 'GET',
    headers: authorization,
  });
  expect('the status of the balance', balance.status, 200);
  expect('principal_outstanding_minor', balance.body['principal_outstanding_minor'], '921651');
  expect('interest_receivable_minor', balance.body['interest_receivable_minor'], '0');
  expect('fees_receivable_minor', balance.body['fees_receivable_minor'], '0');
  expect('total_exposure_minor', balance.body['total_exposure_minor'], '921651');

  for (const line of wrong) context.err(`WRONG: ${line}`);
  if (wrong.length > 0)
    context.err(
      'If other events were posted to the demo loan, these figures are right for it: start with an empty HPTS_DATA_DIR.',
    );
  else context.out('Every figure is as promised: 500 / 10000 / 78349 / 0, then 921651 / 0 / 0 / 921651.');
  return wrong.length === 0;
}

async function show(context: CommandContext, call: Call): Promise<Answer> {
  context.out(`\n${call.title}\n  ${call.method} ${call.url}`);
  for (const [name, value] of Object.entries(call.headers)) context.out(`  ${name}: ${shorten(value)}`);
  if (call.body !== undefined) context.out(indent(call.body));
  const answer = await fetch(call.url, {
    method: call.method,
    headers: call.headers,
    signal: AbortSignal.timeout(10_000),
    ...(call.body === undefined ? {} : { body: call.body }),
  });
  const body = (await answer.json()) as Record<string, unknown>;
  const replayed = answer.headers.get('idempotent-replayed') === 'true';
  context.out(`  → ${answer.status} ${answer.statusText}${replayed ? ' (Idempotent-Replayed: true)' : ''}`);
  context.out(
    indent(JSON.stringify(body, (_name, value: unknown) => (typeof value === 'string' ? shorten(value) : value), 2)),
  );
  return { status: answer.status, replayed, body };
}

function shorten(text: string): string {
  return text.length > 120 ? `${text.slice(0, 40)}…` : text;
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '    ');
}
