/** The alphabetic code of a live currency of ISO 4217, as isCurrency admits it. */
export type Currency = string & { readonly __brand: 'Currency' };

/**
 * The currencies of ISO 4217 list one as published on 2026-09-17, by the number of digits that the list gives the
 * minor unit. The standard's figures, not those of CLDR (`Intl`), which follow the cash in use and differ for
 * several currencies (HUF among them).
 *
 * Live only: ANG gave way to XCG on 2025-03-31, BGN to EUR on 2026-01-01; CUC, HRK, SLL and ZWL went before them.
 * Left out, although on list one:
 * - the 13 codes without a minor unit, in which no amount could be written: the metals XAG, XAU, XPD, XPT; the bond
 *   market units XBA, XBB, XBC, XBD; XDR, XSU, XUA; XTS (for tests) and XXX (no currency);
 * - the 10 fund codes BOV, CHE, CHW, CLF, COU, MXV, USN, UYI, UYW, XAD. They are units of indexation, settlement or
 *   account: what is owed in one is paid in a currency.
 */
const CODES_BY_DIGITS: readonly (readonly [digits: number, codes: string])[] = [
  [0, 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF'],
  [
    2,
    'AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC ' +
      'CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR ' +
      'JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD ' +
      'NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN ' +
      'SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG',
  ],
  [3, 'BHD IQD JOD KWD LYD OMR TND'],
];

const DIGITS_BY_CODE: ReadonlyMap<string, number> = new Map(
  CODES_BY_DIGITS.flatMap(([digits, codes]) => codes.split(' ').map((code) => [code, digits] as const)),
);

/** Whether the text is the code of a live currency: three capital letters that stand in the table above. */
export function isCurrency(text: string): text is Currency {
  return DIGITS_BY_CODE.has(text);
}

/** How many decimal digits of the currency's unit its minor unit stands for: 2 for USD, 0 for JPY, 3 for BHD. */
export function minorDigits(code: Currency): number {
  const digits = DIGITS_BY_CODE.get(code);
  if (digits === undefined) throw new RangeError(`${code} is not a live currency of ISO 4217`);
  return digits;
}
