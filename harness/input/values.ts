/** The kinds of values that several files share: a word of a list, a duration, a name. */
import { z } from 'zod';
import { DURATION_WORDS, parseDuration } from '../../node/duration.ts';

export function oneOf<const Values extends readonly string[]>(values: Values) {
  return z.enum(values, { error: `must be one of ${values.join(', ')}` });
}

/** Milliseconds, from a text such as 30s; and back, so that a saved description is checked by the schema of a written one. */
export const Duration = z.codec(z.string(DURATION_WORDS), z.int('must be milliseconds').min(1, 'must be 1 or more'), {
  decode: (text, context) => {
    const durationMs = parseDuration(text);
    if (durationMs !== null) return durationMs;
    context.issues.push({ code: 'custom', message: DURATION_WORDS, input: text });
    return z.NEVER;
  },
  encode: (durationMs) => `${durationMs}ms`,
});

// Names become paths, labels, and parts of names in an engine: each has an end, and nothing that leads elsewhere.

export const VersionName = z
  .string('must be the name of a version, such as v2')
  .regex(/^[a-zA-Z0-9][a-zA-Z0-9._+-]{0,60}$/, 'must be letters, digits, dots, hyphens or plus signs, at most 61');

export const MemberName = z
  .string('must be the name of a member, such as node01')
  .regex(/^[a-z][a-z0-9-]{0,30}$/, 'must be lower-case letters, digits and hyphens, a letter first, at most 31');

/** What names something in a file that the rig wrote, and comes to stand in sentences, tables and keys. */
export const Label = z
  .string()
  .regex(/^[^\p{Cc}\u2028\u2029]{1,500}$/u, 'must be a name of at most 500 characters, on one line');

/** The longest name of a roll. */
export const LONGEST_NAME = 100;

/** The name of a roll: of a scenario, and of the plan that is made of it. */
export const RollName = z
  .string('must be a text')
  .regex(
    new RegExp(`^[a-z0-9][a-z0-9.-]{0,${LONGEST_NAME - 1}}$`),
    `must be lower-case letters, digits, dots and hyphens, at most ${LONGEST_NAME}`,
  );

/** Of whatever text, a name that a roll may have. */
export function rollName(text: string): string {
  const name = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9.]+/g, '-')
    .replace(/^[.-]+/, '');
  return name.slice(0, LONGEST_NAME) || 'roll';
}

/** A count of things that somebody has written by hand, such as updates or extensions. */
export const Count = z.int('must be a count').min(0, 'must be 0 or more').max(10_000, 'must be 10000 or fewer');
