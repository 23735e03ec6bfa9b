/**
 * Tampering: what a test can have go wrong inside a member, at a place that nothing outside can tell apart from others: a notice
 * that it sends, and the timer of its park. It is reached at the control socket, and nowhere else.
 */
import { NOTICE_KINDS, type NoticeKind } from './upgrade/strategy.ts';

/** What becomes of a notice: it never leaves, it leaves when its rule is dropped, or it leaves twice. */
export const NOTICE_FATES = ['lose', 'delay', 'duplicate'] as const;
export type NoticeFate = (typeof NOTICE_FATES)[number];

/** The `nth` notice of a kind to a peer, counted from 1 and from when the rule is made, meets a fate. */
export interface NoticeRule {
  readonly id: string;
  readonly fate: NoticeFate;
  readonly to: string;
  readonly kind: NoticeKind | 'any';
  readonly nth: number;
}

/** How a notice leaves: how often, and no sooner than that resolves. */
export interface Leaving {
  readonly times: 0 | 1 | 2;
  readonly after: Promise<void> | null;
}

const AS_IT_IS: Leaving = { times: 1, after: null };

interface Standing {
  readonly rule: NoticeRule;
  left: number;
  readonly dropped: PromiseWithResolvers<void>;
}

export class Tampering {
  readonly #standing: Standing[] = [];
  readonly #jump: () => void;

  /** @param jump has the timer of the present park fire, or else of the next */
  constructor(rules: readonly NoticeRule[], jump: () => void) {
    for (const rule of rules) this.keep(rule);
    this.#jump = jump;
  }

  keep(rule: NoticeRule): void {
    this.#standing.push({ rule, left: rule.nth, dropped: Promise.withResolvers() });
  }

  /** Whatever a rule has held back leaves now. @returns whether there was one */
  drop(id: string): boolean {
    const index = this.#standing.findIndex(({ rule }) => rule.id === id);
    const [standing] = index < 0 ? [] : this.#standing.splice(index, 1);
    standing?.dropped.resolve();
    return standing !== undefined;
  }

  jumpTimer(): void {
    this.#jump();
  }

  /** How the next notice of a kind to a peer leaves. To be asked once for each. */
  leaving(to: string, kind: NoticeKind): Leaving {
    for (const standing of this.#standing) {
      const { rule, dropped } = standing;
      if (rule.to !== to || (rule.kind !== 'any' && rule.kind !== kind)) continue;
      standing.left -= 1;
      if (standing.left !== 0) continue;
      if (rule.fate === 'delay') return { times: 1, after: dropped.promise };
      return { times: rule.fate === 'lose' ? 0 : 2, after: null };
    }
    return AS_IT_IS;
  }
}

/** A rule as one word: `f1:lose:node02:schema:1`. */
export function ruleText({ id, fate, to, kind, nth }: NoticeRule): string {
  return [id, fate, to, kind, nth].join(':');
}

/** The rule that a word says; null where it says none. */
export function ruleOf(text: string): NoticeRule | null {
  const [id = '', fateText, to = '', kindText, nthText = '', ...more] = text.split(':');
  const fate = NOTICE_FATES.find((known) => known === fateText);
  const kind = (['any', ...NOTICE_KINDS] as const).find((known) => known === kindText);
  const isRule = id !== '' && to !== '' && /^[1-9]\d{0,2}$/.test(nthText) && more.length === 0;
  return isRule && fate !== undefined && kind !== undefined ? { id, fate, to, kind, nth: Number(nthText) } : null;
}
