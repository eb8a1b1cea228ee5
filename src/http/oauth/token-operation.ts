import type { AnswerAbout, DescribedOperation } from '../openapi/about.ts';
import type { HeaderName } from '../openapi/headers.ts';
import { objectOf } from '../openapi/json-schema.ts';

const TOKEN_ERROR = {
  name: 'TokenError',
  schema: objectOf({
    error: {
      type: 'string',
      enum: ['invalid_request', 'invalid_client', 'invalid_scope', 'unsupported_grant_type', 'temporarily_unavailable'],
      description: 'The word of RFC 6749 section 5.2.',
    },
    error_description: { type: 'string', description: 'For whoever wrote the client.' },
  }),
};

function refusal(error: string, text: string, headers: readonly HeaderName[] = []): AnswerAbout {
  return {
    description: text,
    schema: TOKEN_ERROR,
    example: { error, error_description: text },
    headers: ['NoStore', 'NoCache', ...headers],
  };
}

/** POST /oauth2/token as the document shows it. */
export const TOKEN_OPERATION: DescribedOperation = {
  method: 'POST',
  path: '/oauth2/token',
  scope: null,
  about: {
    id: 'issueToken',
    tag: 'Authentication',
    summary: 'Get an access token',
    description:
      'The client credentials grant of RFC 6749. Without `scope` the token holds every scope of the client. Errors are those of RFC 6749 section 5.2.',
    security: [{}, { ClientBasic: [] }],
    body: {
      mediaType: 'application/x-www-form-urlencoded',
      schema: {
        name: 'TokenRequest',
        schema: {
          type: 'object',
          properties: {
            grant_type: { type: 'string', const: 'client_credentials' },
            client_id: { type: 'string', description: 'Left out where HTTP Basic says it.' },
            client_secret: { type: 'string', description: 'Left out where HTTP Basic says it.' },
            scope: { type: 'string', description: 'Scopes with blanks between them.' },
          },
          required: ['grant_type'],
        },
      },
      examples: {
        request: {
          summary: 'The demo client',
          value: {
            grant_type: 'client_credentials',
            client_id: 'demo_client',
            client_secret: 'demo_secret',
            scope: 'hpts:payments:write hpts:balances:read',
          },
        },
      },
    },
    answers: {
      200: {
        description: 'A token.',
        schema: {
          name: 'TokenGrant',
          schema: objectOf({
            access_token: { type: 'string', description: 'A JWT by RFC 9068, signed with RS256.' },
            token_type: { type: 'string', const: 'Bearer' },
            expires_in: { type: 'integer', minimum: 1, description: 'Seconds that it is valid.' },
            scope: { type: 'string', description: 'The scopes that it holds.' },
          }),
        },
        example: {
          access_token: 'eyJhbGciOiJSUzI1NiJ9.e30.c2ln',
          token_type: 'Bearer',
          expires_in: 3600,
          scope: 'hpts:payments:write hpts:balances:read',
        },
        headers: ['NoStore', 'NoCache'],
      },
      400: refusal('invalid_request', 'A parameter is missing, given twice or not to be granted.'),
      401: refusal('invalid_client', 'The client is unknown or its secret is wrong.', ['WwwAuthenticate']),
      413: refusal('invalid_request', 'The body is too large.'),
      503: refusal('temporarily_unavailable', 'No token can be issued at present.', ['RetryAfter']),
    },
    problems: [],
  },
};
