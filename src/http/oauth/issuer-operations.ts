import { SCOPES } from '../../domain/scope.ts';
import type { DescribedOperation } from '../openapi/about.ts';
import { type JsonSchema, objectOf } from '../openapi/json-schema.ts';

const WORDS: JsonSchema = { type: 'array', items: { type: 'string' } };
const ADDRESS: JsonSchema = { type: 'string', format: 'uri' };

/** GET /.well-known/oauth-authorization-server as the document shows it. */
export const METADATA_OPERATION: DescribedOperation = {
  method: 'GET',
  path: '/.well-known/oauth-authorization-server',
  scope: null,
  about: {
    id: 'getIssuerMetadata',
    tag: 'Authentication',
    summary: "Read the issuer's metadata",
    description: 'Where tokens are issued and how (RFC 8414). An issuer with a path has it under that path too.',
    answers: {
      200: {
        description: 'The metadata.',
        schema: {
          name: 'IssuerMetadata',
          schema: objectOf(
            {
              issuer: ADDRESS,
              token_endpoint: ADDRESS,
              jwks_uri: ADDRESS,
              scopes_supported: WORDS,
              response_types_supported: { ...WORDS, maxItems: 0 },
              grant_types_supported: WORDS,
              token_endpoint_auth_methods_supported: WORDS,
              tls_client_certificate_bound_access_tokens: {
                type: 'boolean',
                description: 'Where partners are served over mutual TLS.',
              },
              mtls_endpoint_aliases: objectOf({ token_endpoint: ADDRESS }),
            },
            ['tls_client_certificate_bound_access_tokens', 'mtls_endpoint_aliases'],
          ),
        },
        example: {
          issuer: 'http://127.0.0.1:8080',
          token_endpoint: 'http://127.0.0.1:8080/oauth2/token',
          jwks_uri: 'http://127.0.0.1:8080/.well-known/jwks.json',
          scopes_supported: SCOPES,
          response_types_supported: [],
          grant_types_supported: ['client_credentials'],
          token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
        },
        headers: ['ForAMinute'],
      },
    },
    problems: [],
  },
};

/** GET /.well-known/jwks.json as the document shows it. */
export const JWKS_OPERATION: DescribedOperation = {
  method: 'GET',
  path: '/.well-known/jwks.json',
  scope: null,
  about: {
    id: 'getKeySet',
    tag: 'Authentication',
    summary: "Read the issuer's public keys",
    description:
      'The keys that access tokens are signed with (RFC 7517), those to come and those just retired among them.',
    answers: {
      200: {
        description: 'The keys.',
        schema: {
          name: 'KeySet',
          schema: objectOf({
            keys: {
              type: 'array',
              items: objectOf({
                kty: { type: 'string', const: 'RSA' },
                use: { type: 'string', const: 'sig' },
                alg: { type: 'string', const: 'RS256' },
                kid: { type: 'string' },
                n: { type: 'string' },
                e: { type: 'string' },
              }),
            },
          }),
        },
        mediaType: 'application/jwk-set+json',
        example: {
          keys: [{ kty: 'RSA', use: 'sig', alg: 'RS256', kid: 'k1', n: '0vx7agoebGcQSuuPiLJXZptN9nndrQmb', e: 'AQAB' }],
        },
        headers: ['ForAMinute'],
      },
    },
    problems: ['unavailable'],
  },
};
