/** What an outcome means, in the sentences that a status, a log and a report use. */
import type { EventGate } from './events.ts';
import type { Difference, Outcome } from './upgrade/gate.ts';
import type { PatchFailure } from './upgrade/machine.ts';
import type { Gate } from './upgrade/strategy.ts';
import type { Axis, Version } from './upgrade/version.ts';

export const AXIS_WORDS: Readonly<Record<Axis, string>> = {
  internal: 'internal schema',
  external: 'external schema',
  api: 'API extensions',
  patch: 'patches',
};

export const GATE_WORDS: Readonly<Record<EventGate, string>> = {
  schema: 'the schema gate',
  api: 'the API gate',
  pair: 'the schema-and-API gate',
  patch: 'the gate of the patches',
  barrier: 'its upgrade barrier',
};

/**
 * `node02 (internal schema 1, wants 2), node03 (API extensions 0, wants 1)`
 * @param most how many members are named; the others are counted
 */
export function describeDifferences(differences: readonly Difference[], most = Number.POSITIVE_INFINITY): string {
  const members = [...new Set(differences.map((found) => found.member))];
  const parts = members.slice(0, most).map((member) => {
    const own = differences.filter((found) => found.member === member);
    const lacks = own.map(({ axis, has, wants }) => `${AXIS_WORDS[axis]} ${has}, wants ${wants}`);
    return `${member ?? 'the database itself'} (${lacks.join('; ')})`;
  });
  const left = members.length - parts.length;
  return `${parts.join(', ')}${left > 0 ? ` and ${left} more` : ''}`;
}

/** Why a member gives up: at a gate, or over a patch. One sentence, without a full stop. */
export function describeExit(outcome: Outcome | PatchFailure, gate: Gate | null, version: Version): string {
  if (outcome.is === 'patch-failed') return `could not run the patch ${outcome.patch}: ${outcome.why}`;
  return describeOutcome(outcome, gate ?? 'schema', version);
}

/** One sentence, without a full stop, about what a gate's outcome means for a member. */
export function describeOutcome(outcome: Outcome, gate: Gate, version: Version): string {
  const where = GATE_WORDS[gate];
  switch (outcome.is) {
    case 'pass':
      return `passes ${where}`;
    case 'blocked':
      return `waits at ${where} for ${describeDifferences(outcome.by)}`;
    case 'ahead':
      return `runs ${version.name}, which is older than ${describeDifferences(outcome.of)}: refresh it to the version of its peers`;
    case 'forked': {
      const forks = outcome.from.map(({ member, theirs, mine }) => {
        const only = (names: readonly string[], others: readonly string[]): string =>
          names.filter((name) => !others.includes(name)).join(', ') || 'the same names in another order';
        return `${member} has as many API extensions, but others: there ${only(theirs, mine)}, here ${only(mine, theirs)}`;
      });
      return `runs ${version.name}, which is a fork: ${forks.join('; ')}: refresh all members to builds of one line`;
    }
    case 'unsupported':
      return `cannot examine ${where}: ${outcome.why}`;
  }
}

/** Why a member exits, as it says itself, in words that can follow "it". What it failed with is whatever somebody else has said. */
export function describeExiting({ reason, message }: { readonly reason: string; readonly message: string }): string {
  const isBare = (reason === 'failed' || reason === 'update-failed') && !message.startsWith('said: ');
  return isBare ? `failed: ${message}` : message;
}
