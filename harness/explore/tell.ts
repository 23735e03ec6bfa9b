/** What happened in a world, in sentences. */
import { describeDifferences, describeOutcome, GATE_WORDS } from '../../node/words.ts';
import type { Happening } from './happening.ts';
import type { Told } from './path.ts';

/** A sentence without a full stop. */
export function tell(happening: Told): string {
  switch (happening.is) {
    case 'refreshed':
      return `${happening.member} is refreshed to ${happening.version.name}`;
    case 'checked': {
      const { member, version, gate, outcome, applied } = happening;
      const applying =
        applied === null ? '' : ` and applies the schema (internal ${applied.internal}, external ${applied.external})`;
      if (outcome.is === 'blocked') {
        return `${member} finds at ${GATE_WORDS[gate]} ${describeDifferences(outcome.by)}, and decides to park`;
      }
      return `${member} ${describeOutcome(outcome, gate, version)}${applying}`;
    }
    case 'parked':
      return happening.wokenAtOnce
        ? `${happening.member} parks at ${GATE_WORDS[happening.gate]}, and a kept notice wakes it at once`
        : `${happening.member} parks at ${GATE_WORDS[happening.gate]}`;
    case 'began':
      return `${happening.member} enters the transaction of the patch ${happening.patch.name}`;
    case 'patched':
      return patchWords(happening);
    case 'noted':
      return `${happening.member} notes the patch ${happening.patch.name}`;
    case 'left':
      return `${happening.by} takes ${happening.member} out of the cluster for good, and tells all others to look again`;
    case 'joined':
      return `${happening.member} joins through ${happening.through}, and serves ${happening.version.name}`;
    case 'failed':
      return `${happening.member} is to be refreshed, and comes back in ${happening.version.name}`;
    case 'opened':
      return `${happening.member} opens`;
    case 'notified':
      return `${happening.member} notifies its peers (${happening.kind})`;
    case 'arrived': {
      const { notice, disposition, isInVain } = happening;
      if (isInVain) return `the notice from ${notice.from} to ${notice.to} reaches nobody`;
      const made = { delivered: 'wakes it', latched: 'is kept', dropped: 'is dropped' }[disposition];
      return `the notice from ${notice.from} reaches ${notice.to} and ${made}`;
    }
    case 'lost':
      return `the notice from ${happening.notice.from} to ${happening.notice.to} is lost on its way`;
    case 'duplicated':
      return `the notice from ${happening.notice.from} to ${happening.notice.to} is duplicated on its way`;
    case 'crashed':
      return `${happening.member} crashes and starts again on ${happening.version.name}`;
    case 'timer':
      return `the timer of ${happening.member} wakes it at ${GATE_WORDS[happening.gate]}`;
  }
}

function patchWords({ member, patch, outcome, misreaders }: Happening & { is: 'patched' }): string {
  if (outcome === 'found') return `${member} finds the patch ${patch.name} run already`;
  if (outcome !== 'ran') return `${member} cannot run the patch ${patch.name}: ${outcome.why}`;
  const where = patch.changes === 'database' ? 'on the database' : 'in its own state folder';
  const served = misreaders.length === 1 ? 'serves and does not know it' : 'serve and do not know it';
  return `${member} runs the patch ${patch.name} ${where}${misreaders.length === 0 ? '' : `, while ${misreaders.join(', ')} ${served}`}`;
}
