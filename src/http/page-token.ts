import { createHash } from 'node:crypto';
import { ProblemError } from './problem.ts';

const DIGEST_BYTES = 12;

/** The place of a list whose items are ordered by their ids. */
export const UUID_PLACE = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * A list as it was asked for: everything that decides which entries it has and in which order, the tenant first. The size
 * of a page is none of it, and may change from page to page.
 */
export type ListQuery = readonly (string | null)[];

/**
 * The token of a place in a list. Its digest binds the place to the list, so that a token sent with another query, by
 * another tenant or after an edit is noticed. It is no signature, because it opens nothing: whoever computes one for
 * a place of their own list could have paged there.
 */
export function pageToken(list: ListQuery, place: string): string {
  return Buffer.concat([digestOf(list, place), Buffer.from(place, 'latin1')]).toString('base64url');
}

/**
 * The place of a token, which has to be of the form `isPlace`; throws invalid_page_token when the token is none that
 * `pageToken` makes for this list.
 */
export function placeOfToken(list: ListQuery, token: string, isPlace: RegExp): string {
  const bytes = Buffer.from(token, 'base64url');
  const place = bytes.subarray(DIGEST_BYTES).toString('latin1');
  if (!isPlace.test(place) || pageToken(list, place) !== token) throw invalidPageToken();
  return place;
}

/** The problem that a page token is, when it cannot be used. */
export function invalidPageToken(): ProblemError {
  const detail = 'page_token is not one that this server gave out for this query; send the filters that came with it';
  return new ProblemError({ code: 'invalid_page_token', detail });
}

function digestOf(list: ListQuery, place: string): Buffer {
  return createHash('sha256')
    .update(JSON.stringify([...list, place]))
    .digest()
    .subarray(0, DIGEST_BYTES);
}
