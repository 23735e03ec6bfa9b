/** The kinds of values that several files share: a word of a list, a duration. */
import { z } from 'zod';
import { parseDuration } from '../../node/duration.ts';

export function oneOf<const Values extends readonly string[]>(values: Values) {
  return z.enum(values, { error: `must be one of ${values.join(', ')}` });
}

/** Milliseconds, from a text such as 30s. */
export const Duration = z.string('must be a duration such as 30s, 500ms or 2m').transform((text, context) => {
  const durationMs = parseDuration(text);
  if (durationMs !== null) return durationMs;
  context.addIssue({ code: 'custom', message: 'must be a duration such as 30s, 500ms or 2m' });
  return z.NEVER;
});
