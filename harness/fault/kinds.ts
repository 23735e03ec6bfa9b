/** All faults, a row each. */
import type { FaultName } from '../input/fault-list.ts';
import type { Fault } from '../plan/fault.ts';
import { certificateFault } from './certificate.ts';
import { diskFault } from './disk.ts';
import { down } from './down.ts';
import { failRefresh } from './fail-refresh.ts';
import { freeze } from './freeze.ts';
import { hold } from './hold.ts';
import { kill } from './kill.ts';
import type { FaultKind } from './kind.ts';
import { leaderMoves } from './leader-moves.ts';
import { linkFault } from './link.ts';
import { noticeFault } from './notice.ts';
import { remove } from './remove.ts';
import { timerJumps } from './timer-jumps.ts';
import { holdTruststore } from './truststore.ts';

export const KINDS: Readonly<Record<FaultName, FaultKind<never>>> = {
  'lose-notice': noticeFault('a notice is lost on its way: its sender is not answered, its receiver never hears of it'),
  'delay-notice': noticeFault('a notice is on its way until the fault is undone'),
  'duplicate-notice': noticeFault('a notice arrives twice'),
  freeze,
  hold,
  kill,
  down,
  'fail-refresh': failRefresh,
  'cut-link': linkFault('nothing that is sent arrives, and nobody is told'),
  'hold-link': linkFault('what is sent arrives when the fault is undone, in its order'),
  'delay-link': linkFault('what is sent arrives so much later'),
  'slow-link': linkFault('so many bytes a second arrive, and no more'),
  'disk-full': diskFault('full', 'nothing more can be written to the member’s state folder'),
  'disk-read-only': diskFault('read-only', 'nothing can be written to the member’s state folder at all'),
  'timer-jumps': timerJumps,
  remove,
  'leader-moves': leaderMoves,
  'certificate-expires': certificateFault(
    'expired',
    'the certificate of the member has run out, and all who have looked since know it by no other',
  ),
  'certificate-rotates': certificateFault(
    'good',
    'the member makes itself another certificate, and has all others look; whoever does not learns of it with a heartbeat',
  ),
  'hold-truststore': holdTruststore,
};

export function kindOf(fault: Fault): FaultKind<Fault> {
  return KINDS[fault.is] as FaultKind<Fault>;
}
