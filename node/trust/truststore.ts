/** The truststore: by whose certificates a member is asked what only members are answered. Pure. */

/** A certificate that is, or was, a member's. */
export interface Trusted {
  /** SHA-256, in hexadecimal. */
  readonly fingerprint: string;
  readonly member: string;
  /** Its member has been taken out of the cluster. */
  readonly isRemoved: boolean;
}

/** What somebody has shown, and proven to be theirs. */
export interface Shown {
  readonly fingerprint: string;
  /** From when to when it is good: milliseconds of the calendar's clock. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** Why somebody is refused. */
export const REFUSAL_REASONS = [
  'no-certificate',
  'unknown',
  'removed',
  'expired',
  'not-yet-valid',
  'another-name',
  'unreadable',
  'too-many',
  'certificate-taken',
  'token-unknown',
  'token-expired',
  'token-used',
] as const;
export type RefusalReason = (typeof REFUSAL_REASONS)[number];

/** Who somebody is: a member; or a stranger, with the name of whom its certificate is or was, where it is anybody's. */
export type Standing =
  | { readonly is: 'member'; readonly name: string }
  | { readonly is: 'stranger'; readonly by: string | null; readonly why: RefusalReason };

/** Why a certificate is not good at an instant; null where it is. */
export function untimely(
  { fromMs, toMs }: Pick<Shown, 'fromMs' | 'toMs'>,
  nowMs: number,
): 'expired' | 'not-yet-valid' | null {
  if (nowMs >= toMs) return 'expired';
  return nowMs < fromMs ? 'not-yet-valid' : null;
}

export class Truststore {
  #trusted = new Map<string, Trusted>();

  get all(): readonly Trusted[] {
    return [...this.#trusted.values()];
  }

  replace(trusted: readonly Trusted[]): void {
    this.#trusted = new Map(trusted.map((one) => [one.fingerprint, one]));
  }

  /** Whose a certificate is, or was. */
  ownerOf(shown: Pick<Shown, 'fingerprint'> | null): string | null {
    return (shown && this.#trusted.get(shown.fingerprint)?.member) ?? null;
  }

  standingOf(shown: Shown | null, nowMs: number): Standing {
    if (shown === null) return { is: 'stranger', by: null, why: 'no-certificate' };
    const known = this.#trusted.get(shown.fingerprint);
    if (known === undefined) return { is: 'stranger', by: null, why: 'unknown' };
    const { member: by } = known;
    if (known.isRemoved) return { is: 'stranger', by, why: 'removed' };
    const why = untimely(shown, nowMs);
    return why === null ? { is: 'member', name: by } : { is: 'stranger', by, why };
  }
}
