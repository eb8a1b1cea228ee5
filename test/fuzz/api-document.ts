import { readFileSync } from 'node:fs';

/** A JSON Schema as openapi.json uses it. */
export type Schema = {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly format?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly items?: Schema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
};

export type Parameter = {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required?: boolean;
  readonly schema: Schema;
};

export type Content = Readonly<Record<string, { readonly schema: Schema }>>;

/** What an operation may answer with one status. */
export type Answer = {
  readonly content?: Content;
  readonly headers?: Readonly<Record<string, { readonly required?: boolean }>>;
};

/** One operation with every reference but those of schemas resolved. */
export type Operation = {
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly Parameter[];
  /** Schema by media type; null when it takes no body. */
  readonly body: Content | null;
  readonly answers: Readonly<Record<string, Answer>>;
  /** Whether it wants a token. */
  readonly guarded: boolean;
};

type Node = Readonly<Record<string, unknown>>;

/** openapi.json as it is checked in, which is what the server serves. */
export class ApiDocument {
  readonly text: string;
  readonly root: Node;
  readonly operations: readonly Operation[];

  constructor() {
    this.text = readFileSync(new URL('../../openapi.json', import.meta.url), 'utf8');
    this.root = JSON.parse(this.text) as Node;
    this.operations = Object.entries(this.root['paths'] as Node).flatMap(([path, methods]) =>
      Object.entries(methods as Node)
        .filter(([method]) => ['get', 'post'].includes(method))
        .map(([method, operation]) => this.#operationOf(method.toUpperCase(), path, operation as Node)),
    );
  }

  /** The schema itself, behind its references. */
  schema(schema: Schema): Schema {
    return schema.$ref === undefined ? schema : this.schema(this.resolve(schema) as Schema);
  }

  /** What a reference stands for; anything else stands for itself. */
  resolve(node: unknown): unknown {
    const reference = (node as { $ref?: string }).$ref;
    if (reference === undefined) return node;
    return reference
      .slice(2)
      .split('/')
      .reduce((at, name) => (at as Node)[name] as Node, this.root);
  }

  #operationOf(method: string, path: string, operation: Node): Operation {
    const parameters = ((operation['parameters'] ?? []) as unknown[]).map((one) => this.resolve(one) as Parameter);
    const body = operation['requestBody'] as { content: Content } | undefined;
    const answers = Object.entries(operation['responses'] as Node).map(([status, answer]) => {
      const { headers = {}, ...rest } = this.resolve(answer) as Answer;
      const resolved = Object.entries(headers).map(([name, header]) => [name, this.resolve(header)]);
      return [status, { ...rest, headers: Object.fromEntries(resolved) }];
    });
    const security = (operation['security'] ?? this.root['security'] ?? []) as object[];
    return {
      method,
      path,
      parameters,
      body: body?.content ?? null,
      answers: Object.fromEntries(answers),
      guarded: security.length > 0 && security.every((way) => 'OAuth2' in way),
    };
  }
}
