import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeCertificate } from '../access/certificate-maker.ts';
import { type PartnerLedger, startPartnerLedger, tokenOf } from '../access/partner-ledger.ts';
import { byName, DOCUMENTED } from '../openapi/api-document.ts';
import type { HttpClient } from './http-client.ts';
import { NOBODY } from './loan-story.ts';
import { expectProblem } from './problem.ts';

/** A token that is bound to a certificate is of use with it alone, whatever it is sent to (RFC 8705 section 3). */
const own = makeCertificate({ name: 'partner' });
const others = makeCertificate({ name: 'stranger' });
let partners: PartnerLedger;
let token: string;
const callers: { plain?: HttpClient; stranger?: HttpClient } = {};
beforeAll(async () => {
  partners = await startPartnerLedger();
  token = await tokenOf(partners.caller(own), await partners.newClient(own));
  callers.plain = partners.plainCaller();
  callers.stranger = partners.caller(others);
});
afterAll(() => partners.stop());

const GATED = DOCUMENTED.filter(({ security }) => security.some((way) => 'OAuth2' in way));

test.each(byName(GATED))(
  '%s: 403 certificate_required without the certificate of the token, certificate_mismatch with another',
  async (_name, { method, path }) => {
    const request = {
      method,
      path: path.replaceAll(/\{\w+\}/g, NOBODY),
      headers: ['authorization', `Bearer ${token}`],
    };
    for (const [caller, code] of [
      [callers.plain, 'certificate_required'],
      [callers.stranger, 'certificate_mismatch'],
    ] as const) {
      const answer = await caller?.send(request);
      if (answer === undefined) throw new Error('nobody asked');
      expectProblem(answer, { status: 403, code });
      expect(answer.headers['www-authenticate']).toBe('Bearer realm="hpts", error="invalid_token"');
    }
  },
);
