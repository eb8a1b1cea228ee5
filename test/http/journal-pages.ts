import type { HttpAnswer } from './http-client.ts';
import type { TenantApi } from './tenant-api.ts';

/** An entry of a list, as far as tests look into it. */
export type ListedEntry = {
  readonly journal_entry_id: string;
  readonly event_type: string;
  readonly effective_at: string;
  readonly posted_at: string;
  readonly lines: readonly {
    readonly sequence: number;
    readonly account_code: string;
    readonly loan_id: string | null;
  }[];
  readonly lines_total: number;
};

export type ListPage = { readonly items: readonly ListedEntry[]; readonly next_page_token: string | null };

/** The page of an answer that must be a 200. */
export function pageOf(answer: HttpAnswer): ListPage {
  if (answer.status !== 200) throw new Error(`no page: ${answer.status} ${answer.text}`);
  return answer.json as ListPage;
}

/** `path?name=value&…` */
export function withQuery(path: string, query: Readonly<Record<string, string>>): string {
  const text = new URLSearchParams(query).toString();
  return text === '' ? path : `${path}?${text}`;
}

/** Every page of a list, one after the other; `between` is called after each. Throws when a list has no end. */
export async function walk(
  api: TenantApi,
  path: string,
  { query = {}, between }: { query?: Readonly<Record<string, string>>; between?: () => Promise<unknown> } = {},
): Promise<ListPage[]> {
  const pages: ListPage[] = [];
  let token: string | null = null;
  do {
    const asked: Record<string, string> = token === null ? query : { ...query, page_token: token };
    const page = pageOf(await api.get(withQuery(path, asked)));
    pages.push(page);
    token = page.next_page_token;
    if (pages.length > 10_000) throw new Error('the list has no end');
    await between?.();
  } while (token !== null);
  return pages;
}

/** The ids of all entries of a list, in its order. */
export async function walkIds(
  api: TenantApi,
  path: string,
  query: Readonly<Record<string, string>> = {},
): Promise<string[]> {
  return idsOf(await walk(api, path, { query }));
}

/** The ids on pages, in order. */
export function idsOf(pages: readonly ListPage[]): string[] {
  return pages.flatMap(({ items }) => items.map((entry) => entry.journal_entry_id));
}
