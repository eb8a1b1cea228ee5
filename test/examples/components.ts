/**
 * What a loan has, or what an amount goes to, by component in minor units; an absent one is 0. The stories write the last
 * digits of an amount behind an underscore where its currency has them: `888_49n` is 888.49.
 */
export type Components = {
  readonly principal?: bigint;
  readonly interest?: bigint;
  readonly fees?: bigint;
  readonly suspense?: bigint;
};

/** The four components of an allocation as it is answered. */
export function allocationOf(components: Components): object {
  const { fees = 0n, interest = 0n, principal = 0n, suspense = 0n } = components;
  return {
    fees_minor: fees.toString(),
    interest_minor: interest.toString(),
    principal_minor: principal.toString(),
    suspense_minor: suspense.toString(),
  };
}

/** The same without suspense: what was lost, and what came back of it. */
export function lossOf(components: Omit<Components, 'suspense'>): object {
  const { fees = 0n, interest = 0n, principal = 0n } = components;
  return { fees_minor: fees.toString(), interest_minor: interest.toString(), principal_minor: principal.toString() };
}

/** The amounts that are named, as a request gives them. */
export function namedComponents(components: Readonly<Record<string, bigint>>): object {
  return Object.fromEntries(Object.entries(components).map(([name, amount]) => [`${name}_minor`, amount.toString()]));
}

export function sumOf(components: Components): bigint {
  return Object.values(components).reduce((sum, amount) => sum + amount, 0n);
}
