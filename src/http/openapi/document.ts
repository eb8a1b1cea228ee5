import { SCOPES, type Scope } from '../../domain/scope.ts';
import type { DescribedOperation } from './about.ts';
import { SHARED_SCHEMAS } from './component-schemas.ts';
import { HEADERS } from './headers.ts';
import { JOURNAL_ENTRY_POSTED } from './journal-entry-posted.ts';
import { type JsonSchema, type NamedSchema, schemaRef } from './json-schema.ts';
import { parametersOf, sharedParameters } from './request-parameters.ts';
import { problemExamples, problemsOf, responsesOf, sharedResponses } from './responses.ts';
import { TAGS } from './tags.ts';

const DESCRIPTION = `The books of lenders: a double-entry, append-only ledger for loans.

- **Money** is a string in the currency's minor unit, never a JSON number.
- **Every POST under /v1** needs an \`Idempotency-Key\`: 201 for the first success, 200 with the same body and \`Idempotent-Replayed: true\` for the same request again. After a 503, or no answer, send the same request with the same key: it takes effect once. A preview needs none.
- **Unknown fields and query parameters** are refused.
- **Lists** answer \`next_page_token\`: send it back as \`page_token\` with the same filters until it is null.
- **The tenant** comes from the token alone; another tenant's things are not found.
- **What goes wrong** is \`application/problem+json\` (RFC 9457), but at the token endpoint, whose errors are those of RFC 6749.
- **Every path** answers HEAD where it answers GET, and any other method with 405 and \`Allow\`. A fault of the server's own would be 500 \`internal_error\`; no request is to cause one. A demo instance answers 404 to names of hosts that are not its own machine's.`;

/** The OpenAPI document of the whole API, made from what its operations say. Throws when two schemas share a name. */
export function openApiDocument(operations: readonly DescribedOperation[], version: string): JsonSchema {
  return {
    openapi: '3.1.0',
    info: {
      title: 'High-Performance Transaction System (HPTS) API',
      version,
      summary: 'An open lending ledger.',
      description: DESCRIPTION,
      contact: { name: 'Whoever runs this server' },
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [
      { url: '/', description: 'The server that this document came from.' },
      { url: 'http://127.0.0.1:8080', description: 'A demo instance on this machine.' },
    ],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    paths: pathsOf(operations),
    webhooks: { journalEntryPosted: { post: JOURNAL_ENTRY_POSTED } },
    components: {
      schemas: schemasOf(operations),
      responses: sharedResponses(),
      parameters: sharedParameters(),
      headers: Object.fromEntries(Object.entries(HEADERS).map(([key, { name: _name, ...header }]) => [key, header])),
      examples: problemExamples([...new Set(operations.flatMap(problemsOf))]),
      securitySchemes: SECURITY_SCHEMES,
    },
  };
}

/** A path as OpenAPI writes it: `/v1/loans/{loan_id}/balance`. */
function templatePath(path: string): string {
  return path.replaceAll(/:(\w+)/g, '{$1}');
}

function pathsOf(operations: readonly DescribedOperation[]): Readonly<Record<string, JsonSchema>> {
  const byPath = Map.groupBy(operations, ({ path }) => templatePath(path));
  return Object.fromEntries(
    [...byPath].map(([path, here]): [string, JsonSchema] => [
      path,
      Object.fromEntries(here.map((one): [string, JsonSchema] => [one.method.toLowerCase(), operationObject(one)])),
    ]),
  );
}

function operationObject(operation: DescribedOperation): JsonSchema {
  const { about, scope } = operation;
  const { body } = about;
  return {
    operationId: about.id,
    tags: [about.tag],
    summary: about.summary,
    description: scope === null ? about.description : `${about.description}\n\nNeeds the scope \`${scope}\`.`,
    security: about.security ?? securityOf(scope),
    parameters: parametersOf(operation),
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: { [body.mediaType]: { schema: schemaRef(body.schema.name), examples: body.examples } },
          },
        }),
    responses: responsesOf(operation),
  };
}

function securityOf(scope: Scope | null): readonly Readonly<Record<string, readonly string[]>>[] {
  return scope === null ? [] : [{ OAuth2: [scope] }];
}

/** Those that several operations share, and those of single ones, by name. */
function schemasOf(operations: readonly DescribedOperation[]): Readonly<Record<string, JsonSchema>> {
  const schemas = new Map<string, JsonSchema>(Object.entries(SHARED_SCHEMAS));
  const own = operations.flatMap(({ about }): NamedSchema[] => [
    ...(about.body === undefined ? [] : [about.body.schema]),
    ...Object.values(about.answers).map(({ schema }) => schema),
  ]);
  for (const { name, schema } of own) {
    const known = schemas.get(name);
    if (known !== undefined && JSON.stringify(known) !== JSON.stringify(schema))
      throw new Error(`two schemas are called ${name}`);
    schemas.set(name, schema);
  }
  return Object.fromEntries([...schemas].sort(([a], [b]) => (a < b ? -1 : 1)));
}

const SCOPE_MEANINGS: Readonly<Record<Scope, string>> = {
  'hpts:payments:write': 'Post, return, settle and cancel payments, apply and refund suspense.',
  'hpts:disbursements:write': 'Post, settle and cancel disbursements, register loans.',
  'hpts:balances:read': 'Read balances of loans and accounts.',
  'hpts:ledger:read': 'Read journal entries, loans and the chart of accounts.',
  'hpts:accruals:write': 'Post accrual batches and correct them.',
  'hpts:reversals:write': 'Reverse entries.',
  'hpts:fees:write': 'Assess and waive fees.',
  'hpts:chargeoffs:write': 'Charge loans off and post recoveries.',
  'hpts:restructures:write': 'Refinance and restructure loans, put them on non-accrual.',
  'hpts:adjustments:write': 'Post goodwill credits, register loans with opening balances, propose adjustments.',
  'hpts:adjustments:approve': 'Approve and reject adjustments.',
  'hpts:programs:read': 'Read programs.',
  'hpts:programs:write': 'Add programs, their versions and accounts; rename accounts.',
  'hpts:periods:write': 'Close, reopen and list periods.',
  'hpts:reconciliation:read': 'Read the reconciliation status.',
  'hpts:reconciliation:write': 'Opens nothing yet.',
  'hpts:webhooks:manage': 'Manage webhook endpoints and pull events.',
  'hpts:audit:read': 'Opens nothing yet.',
};

const SECURITY_SCHEMES: Readonly<Record<string, JsonSchema>> = {
  OAuth2: {
    type: 'oauth2',
    description:
      'Client credentials (RFC 6749 section 4.4); tokens are JWTs by RFC 9068. A client that is registered with a certificate is used over mutual TLS alone, and its tokens are bound to the certificate (RFC 8705).',
    flows: {
      clientCredentials: {
        tokenUrl: '/oauth2/token',
        scopes: Object.fromEntries(SCOPES.map((scope) => [scope, SCOPE_MEANINGS[scope]])),
      },
    },
  },
  ClientBasic: {
    type: 'http',
    scheme: 'basic',
    description: 'client_id and client_secret, each form-encoded, in place of the form (RFC 6749 section 2.3.1).',
  },
};
