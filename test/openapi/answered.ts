import type { Answer } from './answer-check.ts';

/** An answer as documented: of `GET /v1/health/live`, with 200, and the code when it is a problem (null: none). */
export type Answered = { readonly operation: string; readonly status: number; readonly code: string | null };

type Listener = (answered: Answered) => void;

const listeners = new Set<Listener>();

/** Hears of every answer that an HttpClient of this process was given and that the document describes, until it is stopped. */
export function onAnswered(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function tellAnswered(operation: string, answer: Answer): void {
  const answered = { operation, status: answer.status, code: codeOf(answer) };
  for (const listener of listeners) listener(answered);
}

function codeOf({ headers, text }: Answer): string | null {
  // The answer to HEAD has no body.
  if (headers['content-type'] !== 'application/problem+json' || text === '') return null;
  const { code } = JSON.parse(text) as { readonly code: string };
  return code;
}
