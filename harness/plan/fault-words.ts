/** Faults in words: what is done, and what is undone. */
import { formatDuration } from '../../node/duration.ts';
import type { Fault, LinkFault, NoticeFault } from './fault.ts';

/** As the end of a sentence that says what the rig does: `freeze node01`. */
export function faultWords(fault: Fault): string {
  switch (fault.is) {
    case 'lose-notice':
      return `lose ${noticeWords(fault)}`;
    case 'delay-notice':
      return `hold ${noticeWords(fault)} back`;
    case 'duplicate-notice':
      return `have ${noticeWords(fault)} arrive twice`;
    case 'freeze':
      return `freeze ${fault.member}`;
    case 'hold':
      return `hold ${fault.member}, once it is started next, ${fault.at.replaceAll('-', ' ')}`;
    case 'kill': {
      const leading = fault.leading ? 'made the leader and ' : '';
      const where = fault.at === null ? '' : `, once it is started next, ${fault.at.replaceAll('-', ' ')}`;
      const then = fault.again ? 'and start it again' : 'and leave it down';
      return `kill ${fault.member}${where === '' ? '' : `${where.replace(', ', `, ${leading}`)},`} ${then}`;
    }
    case 'down':
      return `kill ${fault.member}, which stays away`;
    case 'fail-refresh':
      return `have the build of ${fault.member} exit at once, ${fault.times === null ? 'for good' : timesWords(fault.times)}`;
    case 'cut-link':
      return `cut ${linkWords(fault)}`;
    case 'hold-link':
      return `hold what goes over ${linkWords(fault)}`;
    case 'delay-link':
      return `delay what goes over ${linkWords(fault)} by ${formatDuration(fault.byMs)}`;
    case 'slow-link':
      return `slow ${linkWords(fault)} down to ${fault.bytesPerSecond} bytes a second`;
    case 'disk-full':
      return `fill the disk of ${fault.member}`;
    case 'disk-read-only':
      return `make the disk of ${fault.member} read-only`;
    case 'timer-jumps':
      return `have the timer of ${fault.member} jump: its park is over at once, or the next one`;
    case 'remove':
      return `have ${fault.through} take ${fault.member} out of the cluster, alive or dead`;
    case 'leader-moves':
      return `make ${fault.member} the leader of the database`;
    case 'certificate-expires':
      return `have the certificate of ${fault.member} run out`;
    case 'certificate-rotates':
      return `give ${fault.member} another certificate`;
    case 'hold-truststore':
      return `have ${fault.member} trust nobody anew`;
  }
}

/** What undoing it does, as the end of such a sentence. */
export function undoWords(fault: Fault): string {
  switch (fault.is) {
    case 'delay-notice':
      return `let what is held back of ${fault.from} reach ${fault.to}`;
    case 'freeze':
      return `thaw ${fault.member}`;
    case 'hold':
      return `let ${fault.member} go on`;
    case 'down':
      return `start ${fault.member} again`;
    case 'cut-link':
    case 'hold-link':
    case 'delay-link':
    case 'slow-link':
      return `mend ${linkWords(fault)}`;
    case 'disk-full':
      return `give ${fault.member} room on its disk again`;
    case 'disk-read-only':
      return `let ${fault.member} write to its disk again`;
    case 'hold-truststore':
      return `have ${fault.member} trust whom its cluster does`;
    default:
      return `end: ${faultWords(fault)}`;
  }
}

function noticeWords({ from, to, notice, nth }: NoticeFault): string {
  return `the ${ordinal(nth)}notice${notice === 'any' ? '' : ` (${notice})`} from ${from} to ${to}`;
}

function linkWords({ from, to, dialledBy, direction }: LinkFault): string {
  const way = direction === 'both' ? `between ${from} and ${to}` : `from ${from} to ${to}`;
  return `the link ${way}${dialledBy === null ? '' : `, as far as ${dialledBy} has dialled it`}`;
}

function ordinal(nth: number): string {
  if (nth === 1) return 'next ';
  return `${nth}${['', '', 'nd', 'rd'][nth] ?? 'th'} `;
}

function timesWords(times: number): string {
  return times === 1 ? 'once' : `${times} times`;
}
