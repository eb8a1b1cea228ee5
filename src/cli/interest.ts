import { parseAnnualRate } from '../domain/annual-rate.ts';
import { type CalendarDate, parseCalendarDate } from '../domain/calendar-date.ts';
import { DAY_COUNT_CONVENTIONS, type DayCountTerms, type DaySpan } from '../domain/day-count.ts';
import { type Bearing, segmentOf } from '../domain/interest.ts';
import { formatMinor, parseMinor } from '../domain/money.ts';
import { formatRational } from '../domain/rational.ts';
import { ROUNDINGS, type Rounding, roundToMinor } from '../domain/rounding.ts';
import { type OptionValues, optionalText, readOptions, requiredText, UsageError } from './administration-command.ts';
import type { Command } from './command.ts';

const HELP = `Usage: npx hpts interest --principal MINOR --rate RATE --day-count NAME --from DATE --to DATE
                         [--rounding NAME] [--maturity DATE] [--json]

Explains an interest figure: a principal at a rate a year, over the nights from one date to another, in exact fractions
that are rounded once, at the end. Needs no database.

  --principal MINOR  whole minor units of the currency, up to 18 digits: 1000000 is 10,000.00 in USD
  --rate RATE        a year, as a decimal with up to 12 decimals: 0.0799 is 7.99 %
  --day-count NAME   ${DAY_COUNT_CONVENTIONS.slice(0, 4).join(', ')},
                     ${DAY_COUNT_CONVENTIONS.slice(4).join(', ')}
  --from DATE        the first night begins on this day, YYYY-MM-DD
  --to DATE          the last night ends on this day, not before the first
  --rounding NAME    ${ROUNDINGS.join(', ')} (default ${ROUNDINGS[0]})
  --maturity DATE    the day on which the loan matures: THIRTY_E_360_ISDA does not move an end of February on it to 30,
                     the others take no notice; without it no date is the maturity
  --json             print {"days", "year_fraction", "exact", "interest_minor"} and nothing else; fractions are in lowest
                     terms, a whole number stands without a denominator

Exit: 0 computed, 2 called wrongly.`;

type Question = {
  readonly span: DaySpan;
  readonly bearing: Bearing;
  readonly rate: string;
  readonly terms: DayCountTerms;
  readonly rounding: Rounding;
};

/** `hpts interest` */
export const interest: Command = {
  words: ['interest'],
  summary: 'explain an interest figure: days, year fraction, exact amount, rounded amount',
  help: HELP,
  run: async (argv, context) => {
    try {
      const text = { type: 'string' } as const;
      const values = readOptions(argv, {
        principal: text,
        rate: text,
        'day-count': text,
        from: text,
        to: text,
        rounding: text,
        maturity: text,
      });
      if (values['help'] === true) {
        context.out(HELP);
        return 0;
      }
      for (const line of answer(readQuestion(values), values['json'] === true)) context.out(line);
      return 0;
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      context.err(`hpts interest: ${error.message}`);
      context.err('Try: npx hpts interest --help');
      return 2;
    }
  },
};

function answer({ span, bearing, rate, terms, rounding }: Question, json: boolean): readonly string[] {
  const { days, yearFraction, interest: exact } = segmentOf(span, bearing, terms);
  const yearFractionText = formatRational(yearFraction);
  const exactText = formatRational(exact);
  const interestText = formatMinor(roundToMinor(exact, rounding));
  if (json) {
    return [JSON.stringify({ days, year_fraction: yearFractionText, exact: exactText, interest_minor: interestText })];
  }
  return [
    `days           ${days}, from ${span.from} to ${span.to} by ${terms.convention}`,
    `year fraction  ${yearFractionText}`,
    `exact          ${bearing.principalMinor} x ${rate} x ${yearFractionText} = ${exactText} minor units`,
    `interest       ${interestText} minor units, rounded ${rounding}`,
  ];
}

function readQuestion(values: OptionValues): Question {
  const principalMinor = parseMinor(requiredText(values, 'principal'));
  if (principalMinor === undefined) {
    throw new UsageError('--principal takes whole minor units: up to 18 digits, no sign, no point, no leading zero');
  }
  const rate = requiredText(values, 'rate');
  const parsedRate = parseAnnualRate(rate);
  if (parsedRate === undefined) {
    throw new UsageError(`--rate takes a rate a year such as 0.0799, with up to 12 decimals; ${rate} is none`);
  }
  const convention = oneOf(DAY_COUNT_CONVENTIONS, { option: 'day-count', value: requiredText(values, 'day-count') });
  const from = dateOf('from', requiredText(values, 'from'));
  const to = dateOf('to', requiredText(values, 'to'));
  if (to < from) throw new UsageError(`--to ${to} lies before --from ${from}`);
  const maturity = optionalText(values, 'maturity');
  return {
    span: { from, to },
    bearing: { principalMinor, rate: parsedRate },
    rate,
    terms: { convention, maturity: maturity === undefined ? null : dateOf('maturity', maturity) },
    rounding: oneOf(ROUNDINGS, { option: 'rounding', value: optionalText(values, 'rounding') ?? ROUNDINGS[0] }),
  };
}

function dateOf(option: string, text: string): CalendarDate {
  const date = parseCalendarDate(text);
  if (date === undefined) throw new UsageError(`--${option} takes a date YYYY-MM-DD; ${text} is none`);
  return date;
}

function oneOf<Word extends string>(
  words: readonly Word[],
  { option, value }: { option: string; value: string },
): Word {
  const found = words.find((word) => word === value);
  if (found === undefined) throw new UsageError(`--${option} takes one of ${words.join(', ')}; ${value} is none`);
  return found;
}
