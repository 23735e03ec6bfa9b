/** The spec of a matrix: what is to be rolled with what. A plain document, in the words in which a person writes it. */
import { z } from 'zod';
import { InputError } from '../input/errors.ts';
import { PACE_WORDS, Scenario } from '../input/scenario.ts';
import { oneOf } from '../input/values.ts';
import { OWN } from './dimensions.ts';
import { FORWARD, pairsNamed, type RolledDaemon } from './pairs.ts';
import { parsePattern } from './pattern.ts';

/** More repeats than this are not a matrix but a mistake. */
const MOST_REPEATS = 1000;

/** And more values of one dimension. */
const MOST_VALUES = 100;

const scenarioKeys = Scenario.shape;

/** Checks a value as another schema does, and leaves it in the words in which it was given. */
function writtenAs<Schema extends z.ZodType>(schema: Schema) {
  return z.custom<z.input<Schema>>().superRefine((value, context) => {
    for (const issue of schema.safeParse(value).error?.issues ?? []) {
      context.addIssue({ code: 'custom', message: issue.message, path: [...issue.path] });
    }
  });
}

/** Checks a value by a function that throws an InputError. */
function acceptedBy(check: (text: string) => unknown) {
  return z.string('must be a text').superRefine((text, context) => {
    try {
      check(text);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      context.addIssue({ code: 'custom', message: error.message });
    }
  });
}

/** One value stands for a list of one. */
function listOf<Item extends z.ZodType>(item: Item) {
  return z.preprocess(
    (value) => (Array.isArray(value) ? value : [value]),
    z.array(item).min(1, 'must name at least one').max(MOST_VALUES, `must be ${MOST_VALUES} or fewer`),
  );
}

/** The one key that says which daemon the others are about. */
export const DaemonKey = z.looseObject({ daemon: z.string('must be the name of a daemon').min(1).optional() });

/** The schema of a matrix file, every key of which may be missing. @param rolled the daemon whose versions pairs may name */
export function matrixFile(rolled: RolledDaemon) {
  // What is a setting of our daemon is none of another's.
  const ours = <Value extends z.ZodType>(value: Value) =>
    rolled.described === null
      ? value
      : value.refine(
          () => false,
          `a setting of the rig's own daemon; what ${rolled.name} does is said in its description`,
        );
  const patterns = z.preprocess(
    (value) => (Array.isArray(value) ? value : [value]),
    z.array(acceptedBy((text) => parsePattern(text))).max(MOST_VALUES, `must be ${MOST_VALUES} or fewer`),
  );
  return z
    .strictObject({
      daemon: z.string('must be the name of a daemon'),
      pairs: listOf(acceptedBy((text) => pairsNamed(text, rolled))),
      orders: listOf(writtenAs(scenarioKeys.order.unwrap())),
      strategies: ours(listOf(scenarioKeys.strategy.unwrap())),
      wakeups: ours(listOf(scenarioKeys.wakeups.unwrap())),
      databases: ours(listOf(scenarioKeys.database.unwrap())),
      paces: listOf(oneOf(PACE_WORDS)),
      members: listOf(scenarioKeys.members.unwrap().min(2, 'must be 2 or more: one member waits for nobody')),
      runtime: scenarioKeys.runtime.unwrap(),
      wait: ours(writtenAs(scenarioKeys.wait.unwrap())),
      insecure: ours(scenarioKeys.insecure.unwrap()),
      aim: writtenAs(scenarioKeys.aim.unwrap()).nullable(),
      seed: scenarioKeys.seed.unwrap(),
      repeat: z
        .int('must be a whole number')
        .min(1, 'must be 1 or more')
        .max(MOST_REPEATS, `must be ${MOST_REPEATS} or fewer`),
      budgets: writtenAs(scenarioKeys.expect.unwrap().shape.budgets.unwrap()),
      include: patterns,
      exclude: patterns,
    })
    .partial();
}

/** A matrix file as it was read: every key may be missing. */
export type MatrixFile = z.output<ReturnType<typeof matrixFile>>;

type Settings = 'strategies' | 'wakeups' | 'databases' | 'paces';

/** A matrix in which nothing is missing. A dimension that is none of its daemon has one value, which nobody sets. */
export type MatrixSpec = {
  readonly [Key in Exclude<keyof MatrixFile, Settings | 'aim'>]-?: NonNullable<MatrixFile[Key]>;
} & {
  /** Null: nothing is aimed. */
  readonly aim: NonNullable<MatrixFile['aim']> | null;
} & {
  readonly [Key in Settings]: ReadonlyArray<NonNullable<MatrixFile[Key]>[number] | typeof OWN>;
};

/** Every forward pair, in every order of three members, with the strategy under test. */
export const DEFAULT_SPEC: MatrixSpec = {
  daemon: '',
  pairs: [FORWARD],
  orders: ['all'],
  strategies: ['split'],
  wakeups: ['latched'],
  databases: ['sqlite'],
  paces: ['settled'],
  members: [3],
  runtime: 'process',
  wait: '30s',
  insecure: false,
  aim: null,
  seed: 1,
  repeat: 1,
  budgets: {},
  include: [],
  exclude: [],
};

/** A spec from what was given, the later before the earlier, and the defaults. */
export function specFrom(rolled: RolledDaemon, ...given: readonly MatrixFile[]): MatrixSpec {
  const own = { strategies: [OWN], wakeups: [OWN], databases: [OWN], paces: [OWN], runtime: 'auto', wait: '' };
  const said = given.map((file) => Object.fromEntries(Object.entries(file).filter(([, value]) => value !== undefined)));
  const defaults = { ...DEFAULT_SPEC, daemon: rolled.name, ...(rolled.described === null ? {} : own) };
  return Object.assign(defaults, ...said) as MatrixSpec;
}
