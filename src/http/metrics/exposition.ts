import type { Histogram } from './histogram.ts';

export type Labels = Readonly<Record<string, string>>;

/** One number under its labels. */
export type Sample = { readonly value: number; readonly labels?: Labels };

type Named = { readonly name: string; readonly help: string };

/** Everything of one name. */
export type Family =
  | (Named & { readonly type: 'counter' | 'gauge'; readonly samples: readonly Sample[] })
  | (Named & {
      readonly type: 'histogram';
      readonly series: readonly { readonly labels?: Labels; readonly histogram: Histogram }[];
    });

/** Media type of the Prometheus text format. */
export const EXPOSITION_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** Renders families in the Prometheus text format 0.0.4, one after the other; those that have nothing to show are left out. */
export function renderFamilies(families: readonly Family[]): string {
  return families.map(renderFamily).join('');
}

function renderFamily(family: Family): string {
  const lines =
    family.type === 'histogram'
      ? family.series.flatMap(({ labels, histogram }) => histogramLines(family.name, labels ?? {}, histogram))
      : family.samples.map(({ labels, value }) => line(family.name, labels ?? {}, value));
  if (lines.length === 0) return '';
  return `# HELP ${family.name} ${family.help}\n# TYPE ${family.name} ${family.type}\n${lines.join('')}`;
}

function histogramLines(name: string, labels: Labels, histogram: Histogram): string[] {
  const { bounds, divisor } = histogram;
  const counts = histogram.cumulative();
  const total = counts.at(-1) ?? 0;
  return [
    ...bounds.map((bound, at) => line(`${name}_bucket`, { ...labels, le: String(bound / divisor) }, counts[at] ?? 0)),
    line(`${name}_bucket`, { ...labels, le: '+Inf' }, total),
    line(`${name}_sum`, labels, histogram.sum / divisor),
    line(`${name}_count`, labels, total),
  ];
}

function line(name: string, labels: Labels, value: number): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`);
  return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}\n`;
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

export function counter(name: string, help: string, samples: readonly Sample[]): Family {
  return { name, help, type: 'counter', samples };
}

export function gauge(name: string, help: string, samples: readonly Sample[]): Family {
  return { name, help, type: 'gauge', samples };
}
