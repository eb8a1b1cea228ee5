import { ProblemError } from './problem.ts';

/** Makes the token of the page behind `place`: opaque to callers, and of no other list. */
export function pageToken(list: string, place: string): string {
  return Buffer.from(`${list}:${place}`, 'latin1').toString('base64url');
}

/** Reads what `pageToken` made. Throws a ProblemError for anything else; `place` has to be as `isPlace` wants it. */
export function readPageToken(list: string, token: string, isPlace: RegExp): string {
  const text = Buffer.from(token, 'base64url').toString('latin1');
  const place = text.startsWith(`${list}:`) ? text.slice(list.length + 1) : '';
  if (isPlace.test(place) && pageToken(list, place) === token) return place;
  throw new ProblemError({ code: 'invalid_page_token', detail: 'page_token is not one that this server gave out' });
}

/** Reads page_size: 1 to `itemsMax`, in decimal without a leading zero. */
export function parsePageSize(itemsMax: number): (text: string) => string | undefined {
  return (text) => (/^[1-9]\d{0,5}$/.test(text) && Number(text) <= itemsMax ? text : undefined);
}
