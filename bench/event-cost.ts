/**
 * What an event costs the rig in processor time, from the bytes of its line to the folder: a roll's own lines, read again as
 * they come from its members.
 */
import { Readable } from 'node:stream';
import type { Rolled } from '../harness/cli/roll-plan.ts';
import { pushed } from '../harness/daemon/pushed.ts';
import { readLines } from '../harness/host/lines.ts';
import { Recorder } from '../harness/roll/recorder.ts';
import { Standings } from '../harness/roll/standing.ts';
import { RunFolder } from '../harness/store/run-folder.ts';
import { eventsOf } from '../harness/trace/trace.ts';
import type { MemberEvent } from '../node/events.ts';

/** The first time compiles what it runs, as a roll's first seconds do; of these, the mean. */
const EVENTS_AT_LEAST = 5000;

/** Microseconds for each event of a roll's members. */
export async function eventCostUs({ plan, trace }: Pick<Rolled, 'plan' | 'trace'>, runs: string): Promise<number> {
  const lines = plan.members.map((member) => eventsOf(trace, member).map((event) => `${JSON.stringify(event)}\n`));
  const events = lines.reduce((sum, own) => sum + own.length, 0);
  const times = Math.ceil(EVENTS_AT_LEAST / events);
  // Making a folder and its files is no event's; it is done once for each roll, whatever its size.
  const folder = RunFolder.make(runs, plan, 'again', false);
  for (const member of plan.members) folder.log(member, '');
  const before = process.cpuUsage();
  for (let time = 0; time < times; time += 1) {
    const recorder = new Recorder();
    const standings = new Standings(plan.members, plan.daemon.timer);
    recorder.observe((event) => folder.addToTrace(event));
    recorder.observe((event) => standings.fold(event));
    const told = {
      event: (event: MemberEvent) => recorder.add(event),
      remark: refuse,
      missed: refuse,
      contradiction: refuse,
    };
    const reading = plan.members.map((member, index) => {
      const attendance = pushed(member, told, trace[0]!.atNs);
      // A chunk for each line, as members write them.
      return readLines(Readable.from(lines[index]!.map((line) => Buffer.from(line))), (line) => {
        folder.log(member, line);
        attendance.line('stdout', line, 0);
      });
    });
    await Promise.all(reading);
  }
  const { user, system } = process.cpuUsage(before);
  folder.close();
  return (user + system) / (events * times);
}

function refuse(member: string, text: string): void {
  throw new Error(`a line of ${member} was not taken as an event: ${text}`);
}
