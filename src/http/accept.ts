/** RFC 9110 section 12.5.1: a media range, parameters, and a weight. */
const RANGE = /^\s*([\w!#$%&'*+.^`|~-]+)\/([\w!#$%&'*+.^`|~-]+)\s*((?:;[^,]*)?)$/;
const WEIGHT = /;\s*q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*(?:;|$)/i;

/** What the API answers with: successes and problems. */
const ANSWERED = ['application/json', 'application/problem+json'];

/**
 * Whether an Accept header excludes everything that the API answers with. The most specific range that names a type decides;
 * a header in which nothing can be read excludes nothing.
 */
export function excludesJson(accept: string | undefined): boolean {
  if (accept === undefined || accept === '*/*' || accept === 'application/json') return false;
  const weights = new Map<string, number>();
  for (const part of accept.split(',')) {
    const [, type, subtype, parameters = ''] = RANGE.exec(part) ?? [];
    if (type !== undefined) weights.set(`${type}/${subtype}`.toLowerCase(), weightIn(parameters));
  }
  if (weights.size === 0) return false;
  return ANSWERED.every((type) => (weights.get(type) ?? weights.get('application/*') ?? weights.get('*/*') ?? 0) === 0);
}

function weightIn(parameters: string): number {
  return Number(WEIGHT.exec(parameters)?.[1] ?? 1);
}
