/** The live view of a roll: the plan's steps, with what the members are at; plain lines where there is no terminal. */
import { Listr, type ListrTask } from 'listr2';
import { nowNs } from '../../node/clock.ts';
import { formatDuration } from '../../node/duration.ts';
import type { MemberEvent } from '../../node/events.ts';
import { describeOutcome } from '../../node/words.ts';
import { describeStep } from '../plan/describe.ts';
import { type Plan, versionOf } from '../plan/plan.ts';
import { isRigEvent, type Observer, type TraceEvent } from '../trace/trace.ts';
import { printable } from './printable.ts';

export interface LiveView {
  readonly observer: Observer;
  /** Resolves when the view has drawn its last line. */
  end(): Promise<void>;
}

/** Watch a roll that is about to begin. */
export function watchRoll(plan: Plan): LiveView {
  return process.stdout.isTTY ? taskList(plan) : plainLines(plan);
}

function plainLines(plan: Plan): LiveView {
  let firstNs: number | null = null;
  const observer: Observer = (event) => {
    firstNs ??= event.atNs;
    const line = lineOf(plan, event);
    if (line !== null) console.log(`${formatDuration((event.atNs - firstNs) / 1e6).padStart(8)}  ${printable(line)}`);
  };
  return { observer, end: async () => undefined };
}

/** A list of steps that tick off, with the newest line of the step that is under way below it. */
function taskList(plan: Plan): LiveView {
  const gates = plan.steps.map(() => Promise.withResolvers<void>());
  const outputs: Array<(line: string) => void> = [];
  let current = -1;
  const tasks = plan.steps.map(
    (step, index): ListrTask => ({
      title: describeStep(plan, step),
      task: async (_context, task) => {
        outputs[index] = (line) => {
          task.output = line;
        };
        const startNs = nowNs();
        await gates[index]!.promise;
        task.title = `${task.title}  ${formatDuration((nowNs() - startNs) / 1e6)}`;
      },
    }),
  );
  const list = new Listr(tasks, {
    concurrent: false,
    rendererOptions: { collapseSubtasks: false },
    registerSignalListeners: false,
  });
  const drawing = list.run().catch(() => undefined);
  const observer: Observer = (event) => {
    if (isRigEvent(event) && event.rig === 'step') {
      gates[current]?.resolve();
      current = event.step;
    }
    const line = lineOf(plan, event);
    if (line !== null) outputs[current]?.(printable(line));
  };
  return {
    observer,
    end: async () => {
      for (const gate of gates) gate.resolve();
      await drawing;
    },
  };
}

/** An event as a line for a person who watches, or null where it would only be in the way. */
function lineOf(plan: Plan, event: TraceEvent): string | null {
  if (!isRigEvent(event)) return memberLine(plan, event);
  switch (event.rig) {
    case 'step': {
      const step = plan.steps[event.step]!;
      return `— ${describeStep(plan, step)}`;
    }
    case 'unsettled':
      return `not settled: ${Object.entries(event.members)
        .map(([member, waitsFor]) => `${member} ${waitsFor ?? 'does not say why'}`)
        .join('; ')}`;
    case 'gone':
      return event.killed ? `${event.member} had to be killed` : null;
    case 'formed':
      return event.how === 'now' ? null : 'a cluster that was formed earlier is used again';
    case 'restarting':
      return `${event.member} exited, and its supervisor starts it again (${event.attempt} of at most ${event.most})`;
    case 'remark':
      return `${event.member} ${event.text}`;
    case 'contradiction':
      return `of ${event.member}, ${event.text}`;
    case 'finding':
    case 'failure':
      return event.because;
    default:
      return null;
  }
}

function memberLine(plan: Plan, event: MemberEvent): string | null {
  switch (event.event) {
    case 'checked':
      if (event.outcome.is === 'pass') return null;
      return `${event.member} ${describeOutcome(event.outcome, event.gate, versionOf(plan, plan.to))}`;
    case 'applied':
      return `${event.member} applied schema updates: internal ${event.from.internal} → ${event.to.internal}, external ${event.from.external} → ${event.to.external}`;
    case 'woken':
      return event.by === 'unknown' ? `${event.member} woken` : `${event.member} woken by a ${event.by}`;
    case 'handed-over':
      return event.to === null
        ? `${event.member} could not hand the leadership over: ${event.because}`
        : `${event.member} handed the leadership over`;
    case 'patched':
      if (typeof event.outcome !== 'string')
        return `${event.member} could not run the patch ${event.patch}: ${event.outcome.why}`;
      return `${event.member} ${event.outcome === 'ran' ? 'ran the patch' : 'found run the patch'} ${event.patch}`;
    case 'open':
      return `${event.member} open`;
    case 'exiting':
      return event.reason === 'signal' ? null : `${event.member} exiting: it ${event.message}`;
    default:
      return null;
  }
}
