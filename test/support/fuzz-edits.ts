/** What somebody, or something, may do to a document: edits of its structure and of its text, drawn by fast-check. */
import fc from 'fast-check';

/** One edit. `at` and `other` choose places, by their number among all places of the document as it is by then. */
export interface Edit {
  readonly how: (typeof EDITS)[number];
  readonly at: number;
  readonly other: number;
  readonly value: unknown;
}

const EDITS = [
  'drop',
  'duplicate',
  'replace',
  'swap',
  'copy',
  'rename',
  'deepen',
  'reverse',
  'empty',
  'negate',
  'grow',
  'lengthen',
] as const;

/** Values that somebody may find anywhere: of every type, and of every kind that has ever caused trouble. */
const ODD_TEXTS = [
  '',
  ' ',
  'x'.repeat(300),
  '../../elsewhere',
  '/etc/passwd',
  'a\u001b[31mred\u0007\u009b2J',
  'line\r\nline\u2028line',
  '\ud800',
  '‮ désordre 🦊',
  '__proto__',
  'constructor',
  'toString',
  'node01',
  'node09',
  'v1',
  'v9',
  '*',
  '0x3',
  '1e999',
  '-0',
  'NaN',
  '999999999999999999999',
  '30s',
  'null',
  '%s%n',
  '[',
  '(((((((((((((((((((((a*)*)*)*)*',
  '{member.nothing}',
  'a: b: c',
  '*anchor',
  'javascript:alert(1)',
] as const;
const ODD_NUMBERS = [0, -0, -1, 1, 0.5, 2 ** 31, 2 ** 53, -(2 ** 53) - 2, 1e18, 1e21, 1e308, -1e308, 5e-324] as const;

export const oddText = fc.oneof(fc.constantFrom(...ODD_TEXTS), fc.string({ unit: 'binary', maxLength: 20 }));
export const oddValue: fc.Arbitrary<unknown> = fc.oneof(
  oddText,
  fc.constantFrom<unknown>(null, true, false, [], {}, [[]], { a: 1 }, [null], ...ODD_NUMBERS),
);

const edit: fc.Arbitrary<Edit> = fc.record({
  how: fc.constantFrom(...EDITS),
  at: fc.nat(),
  other: fc.nat(),
  value: oddValue,
});
/** Mostly one: what is wrong in one place should be found there. */
export const edits = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(edit) },
  { weight: 1, arbitrary: fc.array(edit, { minLength: 2, maxLength: 4 }) },
);

/** The document with all edits made, one after another; the given one stays as it is. */
export function edited(document: unknown, all: readonly Edit[]): unknown {
  const holder = { root: structuredClone(document) };
  for (const edit of all) carryOut(holder, edit);
  return holder.root ?? null;
}

type Parent = Record<string, unknown> | unknown[];
interface Place {
  readonly parent: Parent;
  readonly key: string;
}

const MOST_PLACES = 5000;

/** Every value of the document, below the holder of its root. */
function placesOf(holder: Record<string, unknown>): Place[] {
  const places: Place[] = [];
  const open: Parent[] = [holder];
  for (let parent = open.pop(); parent !== undefined && places.length < MOST_PLACES; parent = open.pop()) {
    for (const [key, value] of Object.entries(parent)) {
      places.push({ parent, key });
      if (typeof value === 'object' && value !== null) open.push(value as Parent);
    }
  }
  return places;
}

function carryOut(holder: Record<string, unknown>, { how, at, other, value }: Edit): void {
  const places = placesOf(holder);
  if (places.length === 0) return;
  const { parent, key } = places[at % places.length]!;
  const second = places[other % places.length]!;
  const present = valueAt(parent, key);
  switch (how) {
    case 'drop':
      if (Array.isArray(parent)) parent.splice(Number(key), 1);
      else delete parent[key];
      break;
    case 'duplicate':
      if (Array.isArray(parent)) parent.splice(Number(key), 0, structuredClone(present));
      else put(parent, `${key}2`, structuredClone(present));
      break;
    case 'swap':
      // Neither may come to lie in itself.
      if (isLeaf(present) || isLeaf(valueAt(second.parent, second.key))) {
        const away = structuredClone(valueAt(second.parent, second.key));
        put(second.parent, second.key, structuredClone(present));
        put(parent, key, away);
      }
      break;
    case 'copy':
      put(parent, key, structuredClone(valueAt(second.parent, second.key)));
      break;
    case 'rename':
      if (Array.isArray(parent)) break;
      delete parent[key];
      put(parent, typeof value === 'string' ? value : 'renamed', present);
      break;
    case 'deepen':
      put(parent, key, nested(present, (other % 5) * (other % 3 === 0 ? 100 : 1) + 1));
      break;
    default:
      put(parent, key, changed(how, present, value));
  }
}

/** The value of a place as an edit that looks at no other makes it. */
function changed(how: Edit['how'], present: unknown, value: unknown): unknown {
  if (how === 'reverse' && Array.isArray(present)) return present.toReversed();
  if (how === 'empty') return Array.isArray(present) ? [] : typeof present === 'object' ? {} : '';
  if (how === 'negate') return typeof present === 'number' ? -present : typeof present === 'boolean' ? !present : value;
  if (how === 'grow') return typeof present === 'number' ? present * 1e6 : value;
  if (how === 'lengthen') return typeof present === 'string' ? `${present}${'y'.repeat(300)}` : value;
  return structuredClone(value);
}

function isLeaf(value: unknown): boolean {
  return typeof value !== 'object' || value === null;
}

function nested(value: unknown, times: number): unknown {
  let deep = value;
  for (let time = 0; time < times; time += 1) deep = time % 2 === 0 ? [deep] : { deep };
  return deep;
}

function valueAt(parent: Parent, key: string): unknown {
  return (parent as Record<string, unknown>)[key];
}

/** Also a key such as `__proto__` is a key of the document, and no more. */
function put(parent: Parent, key: string, value: unknown): void {
  Object.defineProperty(parent, key, { value, writable: true, enumerable: true, configurable: true });
}

/** What may happen to a text: cut, overwritten in the middle, or with something between. */
export interface Scratch {
  readonly how: 'cut' | 'overwrite' | 'insert' | 'repeat';
  readonly at: number;
  readonly text: string;
}

export const scratches: fc.Arbitrary<Scratch[]> = fc.array(
  fc.record({
    how: fc.constantFrom('cut', 'overwrite', 'insert', 'repeat'),
    at: fc.nat(),
    text: fc.oneof(
      oddText,
      fc.constantFrom('[', '{', '}', '"', ': ', '\n', '- ', '&a ', '*a', '!!x ', '\u0000', '\ufeff'),
    ),
  }),
  { minLength: 1, maxLength: 3 },
);

export function scratched(text: string, all: readonly Scratch[]): string {
  return all.reduce(scratch, text);
}

function scratch(before: string, { how, at, text }: Scratch): string {
  const place = at % (before.length + 1);
  const [head, tail] = [before.slice(0, place), before.slice(place)];
  switch (how) {
    case 'cut':
      return head;
    case 'overwrite':
      return head + text + tail.slice(text.length);
    case 'insert':
      return head + text + tail;
    case 'repeat':
      return head + text.repeat(500).slice(0, 50_000) + tail;
  }
}
