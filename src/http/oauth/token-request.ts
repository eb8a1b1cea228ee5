/** Reads requests to the token endpoint (RFC 6749 sections 2.3.1, 3.2 and 4.4.2), and names what is wrong with one. */
import { isUtf8 } from 'node:buffer';

/** The error words of RFC 6749 section 5.2 that can occur here, and one for a database that does not answer. */
export type TokenErrorCode =
  | 'invalid_request'
  | 'invalid_client'
  | 'invalid_scope'
  | 'unsupported_grant_type'
  | 'temporarily_unavailable';

/** A refusal; `description` is for the developer at the other end, and holds nothing that was sent. */
export type TokenError = { readonly error: TokenErrorCode; readonly description: string };

/** A request in order. `scope` is undefined when every scope of the client is wanted. */
export type TokenRequest = {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scope: string | undefined;
};

export type TokenRequestReading =
  | { readonly ok: true; readonly request: TokenRequest }
  | { readonly ok: false; readonly error: TokenError };

type Credentials = { readonly clientId: string; readonly clientSecret: string };

/** RFC 9110 section 11.4: one blank or more behind the scheme, then token68; RFC 7617 section 2: which is base64. */
const BASIC = /^basic +([A-Za-z0-9+/]+={0,2})$/i;

/** Reads the form and the Authorization header, if one came. */
export function readTokenRequest(form: Uint8Array, authorization: string | undefined): TokenRequestReading {
  if (!isUtf8(form)) return refuse('invalid_request', 'the form is not UTF-8');
  const parameters = readParameters(Buffer.from(form).toString('utf8'));
  if (parameters === undefined) return refuse('invalid_request', 'a parameter is given twice');
  const grantType = parameters.get('grant_type');
  if (grantType === undefined) return refuse('invalid_request', 'grant_type is missing');
  if (grantType !== 'client_credentials') {
    return refuse('unsupported_grant_type', 'the grant type is client_credentials');
  }
  const credentials = readCredentials(parameters, authorization);
  if ('error' in credentials) return { ok: false, error: credentials };
  return { ok: true, request: { ...credentials, scope: parameters.get('scope') } };
}

/** RFC 6749 section 3.2: a parameter without a value counts as left out, and none may be given twice. */
function readParameters(form: string): ReadonlyMap<string, string> | undefined {
  const parameters = new Map<string, string>();
  const seen = new Set<string>();
  for (const [name, value] of new URLSearchParams(form)) {
    if (seen.has(name)) return undefined;
    seen.add(name);
    if (value !== '') parameters.set(name, value);
  }
  return parameters;
}

/** RFC 6749 section 2.3: one way to authenticate per request. A client_id beside HTTP Basic may only repeat it. */
function readCredentials(
  parameters: ReadonlyMap<string, string>,
  authorization: string | undefined,
): Credentials | TokenError {
  const clientId = parameters.get('client_id');
  const clientSecret = parameters.get('client_secret');
  if (authorization === undefined) {
    if (clientId === undefined || clientSecret === undefined) {
      return { error: 'invalid_client', description: 'client_id and client_secret are needed, or HTTP Basic' };
    }
    return { clientId, clientSecret };
  }
  if (clientSecret !== undefined) {
    return { error: 'invalid_request', description: 'the client authenticates in two ways at once' };
  }
  const basic = readBasic(authorization);
  if (basic === undefined)
    return { error: 'invalid_client', description: 'the Authorization header is not HTTP Basic' };
  if (clientId !== undefined && clientId !== basic.clientId) {
    return { error: 'invalid_request', description: 'client_id is not the one of the Authorization header' };
  }
  return basic;
}

/** RFC 6749 section 2.3.1: id and secret are each form-encoded before RFC 7617 joins them with a colon. */
function readBasic(authorization: string): Credentials | undefined {
  const encoded = BASIC.exec(authorization)?.[1];
  if (encoded === undefined) return undefined;
  const pair = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  if (colon < 0) return undefined;
  const clientId = decodeFormValue(pair.slice(0, colon));
  const clientSecret = decodeFormValue(pair.slice(colon + 1));
  return clientId === undefined || clientSecret === undefined ? undefined : { clientId, clientSecret };
}

function decodeFormValue(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}

function refuse(error: TokenErrorCode, description: string): TokenRequestReading {
  return { ok: false, error: { error, description } };
}
