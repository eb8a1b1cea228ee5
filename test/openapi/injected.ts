import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify';
import { checkAnswer } from './answer-check.ts';
import { tellAnswered } from './answered.ts';

/** The answer of a part of the server that is tried without a socket, compared with openapi.json as any other answer. */
export async function injected(
  app: FastifyInstance,
  request: InjectOptions & { readonly url: string },
): Promise<LightMyRequestResponse> {
  const response = await app.inject(request);
  const { statusCode: status, payload: text } = response;
  const headers = Object.fromEntries(
    Object.entries(response.headers).map(([name, value]) => [name, value === undefined ? undefined : String(value)]),
  );
  const operation = checkAnswer({ method: request.method ?? 'GET', path: request.url }, { status, headers, text });
  if (operation !== undefined) tellAnswered(operation, { status, headers, text });
  return response;
}
