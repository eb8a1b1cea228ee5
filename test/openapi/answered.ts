/** Who is told of the operations that were answered as documented: `GET /v1/health/live` and 200. */
type Listener = (operation: string, status: number) => void;

const listeners = new Set<Listener>();

/** Hears of every answer that an HttpClient of this process was given and that the document describes. */
export function onAnswered(listener: Listener): void {
  listeners.add(listener);
}

export function tellAnswered(operation: string, status: number): void {
  for (const listener of listeners) listener(operation, status);
}
