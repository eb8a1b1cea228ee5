/** Layers in the order of their numbers in the journal: SETTLED 0, PENDING 1, ENCUMBRANCE 2 (CONTRACT.md section 2). */
export const LAYERS = ['SETTLED', 'PENDING', 'ENCUMBRANCE'] as const;

/** A layer as the journal stores it: its place in LAYERS. */
export type LayerNumber = 0 | 1 | 2;

export const SETTLED: LayerNumber = 0;
export const PENDING: LayerNumber = 1;

/** The number of a layer's name, or undefined when there is no such layer. */
export function layerNumber(name: string): LayerNumber | undefined {
  const index = (LAYERS as readonly string[]).indexOf(name);
  return index === 0 || index === 1 || index === 2 ? index : undefined;
}
