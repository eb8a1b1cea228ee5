/** One series as a scraper reads it. */
export type Series = {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
};

const COMMENT = /^# (HELP|TYPE) ([a-zA-Z_:][\w:]*) (.+)$/;
const SAMPLE = /^([a-zA-Z_:][\w:]*)(?:\{((?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\[\\"n])*"(?:,(?=[^}])|(?=\})))*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\\n]|\\[\\"n])*)"/g;

/**
 * Reads the Prometheus text format 0.0.4 strictly: each family has HELP, then TYPE, then its series together; histograms have
 * rising buckets that end with all of them. Throws at the first line that is not so.
 */
export function readExposition(text: string): readonly Series[] {
  if (!text.endsWith('\n')) throw new Error('the last line does not end');
  const all: Series[] = [];
  const types = new Map<string, string>();
  let [helped, family] = ['', ''];
  for (const line of text.slice(0, -1).split('\n')) {
    const [, kind, name = '', rest = ''] = COMMENT.exec(line) ?? [];
    if (kind === 'HELP') {
      helped = name;
      continue;
    }
    if (kind === 'TYPE') {
      if (helped !== name || types.has(name)) throw new Error(`${name}: not once, or without help`);
      if (!['counter', 'gauge', 'histogram'].includes(rest)) throw new Error(`${name}: of type ${rest}`);
      types.set(name, rest);
      family = name;
      continue;
    }
    const series = readSample(line);
    const own = types.get(family) === 'histogram' ? /^(.*)_(?:bucket|sum|count)$/.exec(series.name)?.[1] : series.name;
    if (own !== family) throw new Error(`${series.name} stands under ${family}`);
    if (types.get(family) === 'counter' && !family.endsWith('_total'))
      throw new Error(`${family}: a counter by another name`);
    all.push(series);
  }
  for (const [name, type] of types) if (type === 'histogram') checkHistogram(name, all);
  return all;
}

/** The value of one series; undefined when there is none. `labels` have to be all of its labels. */
export function figureIn(
  all: readonly Series[],
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const wanted = JSON.stringify(Object.entries(labels).sort());
  return all.find((one) => one.name === name && JSON.stringify(Object.entries(one.labels).sort()) === wanted)?.value;
}

function readSample(line: string): Series {
  const [, name, pairs = '', number] = SAMPLE.exec(line) ?? [];
  const value = Number(number);
  if (name === undefined || Number.isNaN(value)) throw new Error(`no series: ${line}`);
  return { name, labels: Object.fromEntries([...pairs.matchAll(LABEL)].map(([, key, text]) => [key, text])), value };
}

function checkHistogram(name: string, all: readonly Series[]): void {
  const groups = Map.groupBy(
    all.filter((one) => one.name === `${name}_bucket`),
    ({ labels }) => JSON.stringify({ ...labels, le: null }),
  );
  for (const [key, buckets] of groups) {
    const { le: _le, ...labels } = JSON.parse(key);
    const bounds = buckets.map((bucket) => Number(bucket.labels['le']?.replace('+Inf', 'Infinity')));
    const rises = buckets.every((bucket, at) => bucket.value >= (buckets[at - 1]?.value ?? 0));
    const ordered = bounds.every((bound, at) => at === 0 || bound > (bounds[at - 1] ?? 0));
    const total = buckets.at(-1)?.value;
    if (!rises || !ordered || bounds.at(-1) !== Number.POSITIVE_INFINITY)
      throw new Error(`${name}: buckets do not rise`);
    if (total !== figureIn(all, `${name}_count`, labels))
      throw new Error(`${name}: a count that is not its last bucket`);
    if (figureIn(all, `${name}_sum`, labels) === undefined) throw new Error(`${name}: without a sum`);
  }
}
