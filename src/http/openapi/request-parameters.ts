import { PROBLEMS } from '../problem-table.ts';
import type { QueryParameter } from '../query-reader.ts';
import type { DescribedOperation } from './about.ts';
import { type JsonSchema, schemaRef } from './json-schema.ts';

const PATH: Readonly<Record<string, Readonly<{ description: string; schema: JsonSchema; example: string }>>> = {
  loan_id: {
    description: 'The loan. What is no id of a loan of the tenant is not found.',
    schema: schemaRef('Uuid'),
    example: '11111111-1111-1111-1111-111111111111',
  },
  journal_entry_id: {
    description: 'The journal entry.',
    schema: schemaRef('Uuid'),
    example: '01a1fbed-0b70-7648-804f-c378f7545790',
  },
  payment_event_id: {
    description: "The payment, by its own event's id.",
    schema: schemaRef('Uuid'),
    example: '01a1fbed-0b70-7648-804f-c378f7545791',
  },
  disbursement_event_id: {
    description: "The disbursement, by its own event's id.",
    schema: schemaRef('Uuid'),
    example: '01a1fbed-0b70-7648-804f-c378f7545781',
  },
  webhook_endpoint_id: {
    description: 'The webhook endpoint.',
    schema: schemaRef('Uuid'),
    example: '7c9e6679-7425-40de-944b-e07fc1f90ae7',
  },
  program_id: {
    description: 'The program.',
    schema: schemaRef('Uuid'),
    example: '33333333-3333-3333-3333-333333333333',
  },
  accrual_event_id: {
    description: 'The event of the accrual batch.',
    schema: schemaRef('Uuid'),
    example: '01a1fbed-0b70-7648-804f-c378f7545761',
  },
  accrual_run_id: {
    description: 'The accrual run.',
    schema: schemaRef('Uuid'),
    example: '01a1fbed-0b70-7648-804f-c378f75457e0',
  },
  adjustment_id: {
    description: 'The adjustment.',
    schema: schemaRef('Uuid'),
    example: '01a1fbed-0b70-7648-804f-c378f75457f0',
  },
  period: {
    description: 'The month.',
    schema: { type: 'string', pattern: '^[0-9]{4}-(0[1-9]|1[0-2])$' },
    example: '2026-12',
  },
  account_code: { description: 'The account.', schema: schemaRef('AccountCode'), example: '1100' },
  code: {
    description: 'The code of a problem.',
    schema: { type: 'string', enum: Object.keys(PROBLEMS) },
    example: 'loan_not_found',
  },
};

/** The headers of requests, by the name under which the document lists them. */
const REQUEST_HEADERS: Readonly<Record<string, JsonSchema>> = {
  IdempotencyKey: {
    name: 'Idempotency-Key',
    in: 'header',
    required: true,
    description:
      'The same for every attempt at this event, and different for every other; `<event_type>:<resource_id>:<natural_key>` is recommended. It may stand in double quotes.',
    schema: { type: 'string', pattern: '^[A-Za-z0-9][A-Za-z0-9._:-]{7,254}$', minLength: 8, maxLength: 255 },
    example: 'payment:loan_42:proc_txn_abc123',
  },
  Traceparent: {
    name: 'traceparent',
    in: 'header',
    required: false,
    description: 'A trace to continue (W3C Trace Context). What is none begins a trace of our own.',
    schema: { type: 'string' },
    example: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  },
  Tracestate: {
    name: 'tracestate',
    in: 'header',
    required: false,
    description: "What the caller's tracing systems have to say to one another; passed on with the trace.",
    schema: { type: 'string' },
    example: 'vendor=t61rcWkgMzE',
  },
  XTraceId: {
    name: 'X-Trace-Id',
    in: 'header',
    required: false,
    deprecated: true,
    description: 'Ignored, and answered with a Deprecation header: send traceparent.',
    schema: { type: 'string', pattern: '^[A-Za-z0-9-]{8,128}$' },
    example: 'my-trace-0001',
  },
};

/** The parameters that the document lists by name. */
export function sharedParameters(): Readonly<Record<string, JsonSchema>> {
  const inPath = Object.entries(PATH).map(([name, rest]): [string, JsonSchema] => [
    name,
    { name, in: 'path', required: true, ...rest },
  ]);
  return { ...Object.fromEntries(inPath), ...REQUEST_HEADERS };
}

/** The parameters of an operation: of its path, of its query, and headers. */
export function parametersOf({ path, scope, about }: DescribedOperation): readonly JsonSchema[] {
  const inPath = [...path.matchAll(/:(\w+)/g)].map(([, name]) => name ?? '');
  const headers = [
    ...(about.keyRequired ? ['IdempotencyKey'] : []),
    'Traceparent',
    'Tracestate',
    ...(scope === null ? [] : ['XTraceId']),
  ];
  return [
    ...inPath.map(parameterRef),
    ...Object.entries(about.query ?? {}).map(([name, parameter]) => queryParameter(name, parameter)),
    ...headers.map(parameterRef),
  ];
}

function parameterRef(name: string): JsonSchema {
  return { $ref: `#/components/parameters/${name}` };
}

function queryParameter(name: string, parameter: QueryParameter): JsonSchema {
  const { description, schema, example, required = false } = parameter;
  return { name, in: 'query', required, description, schema, example };
}
