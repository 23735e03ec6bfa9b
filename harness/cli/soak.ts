/** `refresh-rig soak`: draws rolls, several at a time, keeps those that fail, and shrinks each. */
import { randomBytes, randomInt } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { Command } from 'commander';
import colors from 'picocolors';
import { nowNs } from '../../node/clock.ts';
import { formatDuration } from '../../node/duration.ts';
import { yamlOf } from '../chaos/as-yaml.ts';
import { draw, drawnOf } from '../chaos/draw.ts';
import { shrink } from '../chaos/shrink.ts';
import { Tally, type Tried, wrongIn } from '../chaos/tally.ts';
import { invocation } from '../host/invocation.ts';
import { EnvironmentError } from '../input/errors.ts';
import { deviationIn } from '../judge/told-whole.ts';
import { bearableJobs } from '../matrix/roll-matrix.ts';
import type { Plan } from '../plan/plan.ts';
import { soakReport } from '../report/soak.ts';
import { rigEvents } from '../trace/trace.ts';
import { type ChaosSubject, chaosSubject } from './chaos.ts';
import { removeLeftovers } from './clean.ts';
import { durationIn, wholeNumberIn } from './flags.ts';
import { Interrupted, interruptSignal } from './interrupt.ts';
import { type RollFlags, runsFolder, withRollFlags } from './options.ts';
import { EXIT } from './outcome.ts';
import { roll } from './roll-plan.ts';

interface SoakFlags extends RollFlags {
  readonly for?: string;
  readonly plans?: string;
  readonly jobs?: string;
}

const DEFAULT_FOR = '30m';
const MOST_JOBS = 100;

export function soakCommand(): Command {
  return withRollFlags(new Command('soak'), 'drawn')
    .option('--for <duration>', `how long it goes on drawing (default: ${DEFAULT_FOR})`)
    .option('--plans <number>', 'how many it draws, at most (default: as many as there is time for)')
    .option('--jobs <number>', 'how many rolls at once (default: what the machine bears)')
    .action(async (flags: SoakFlags) => {
      const forMs = durationIn('for', flags.for ?? DEFAULT_FOR);
      const { seed: seedText, ...others } = flags;
      const seed = seedText === undefined ? randomInt(2 ** 30) : wholeNumberIn('seed', seedText);
      const plans = flags.plans === undefined ? Number.POSITIVE_INFINITY : wholeNumberIn('plans', flags.plans);
      const chaos = await chaosSubject(others);
      const jobs =
        flags.jobs === undefined
          ? bearableJobs(chaos.subject.most.members)
          : wholeNumberIn('jobs', flags.jobs, 1, MOST_JOBS);
      process.exitCode = await new Soak(chaos, seed, jobs).run(forMs, plans);
    });
}

class Soak {
  readonly #chaos: ChaosSubject;
  readonly #seed: number;
  readonly #jobs: number;
  readonly #folder: string;
  readonly #tally = new Tally();
  readonly #failed: Tried[] = [];
  #next = 0;

  constructor(chaos: ChaosSubject, seed: number, jobs: number) {
    this.#chaos = chaos;
    this.#seed = seed;
    this.#jobs = jobs;
    const time = new Date().toISOString().slice(0, 19).replaceAll(/[:]/g, '').replace('T', '-');
    this.#folder = join(runsFolder(), `${time}-soak-${randomBytes(4).toString('hex')}`);
  }

  async run(forMs: number, plans: number): Promise<number> {
    const { runtime, because } = this.#chaos;
    const { signal, hurry, release } = interruptSignal();
    const say = (line: string): void => console.log(colors.dim(line));
    const where = relative(process.cwd(), this.#folder);
    try {
      mkdirSync(this.#folder, { recursive: true });
    } catch (error) {
      throw new EnvironmentError(`cannot make ${where}: ${(error as Error).message}`);
    }
    say(
      `seed ${this.#seed}, ${this.#jobs} rolls at a time for ${formatDuration(forMs)}; runtime: ${runtime.name}, ${because}`,
    );
    for (const leftover of await removeLeftovers(runtime)) say(`removed a leftover of an earlier rig: ${leftover}`);
    try {
      // What was found until then is told, whatever ends it.
      await this.#drawUntil(nowNs() + forMs * 1e6, plans, signal, hurry).finally(() =>
        console.log(`\n${soakReport(this.#tally)}`),
      );
      for (const failed of this.#failed) if (!signal.aborted) await this.#shrink(failed, signal, hurry);
    } catch (error) {
      if (!(error instanceof Interrupted)) throw error;
    } finally {
      release();
    }
    if (signal.aborted && !(signal.reason instanceof Interrupted)) throw signal.reason;
    if (this.#failed.length > 0) say(`kept in ${where}`);
    else rmSync(this.#folder, { recursive: true, force: true });
    if (signal.aborted) return EXIT.interrupted;
    return this.#failed.length > 0 ? EXIT.broken : EXIT.holds;
  }

  /** What cannot be rolled ends the others, as an interruption would. @throws EnvironmentError */
  async #drawUntil(endNs: number, plans: number, interrupted: AbortSignal, hurry: AbortSignal): Promise<void> {
    const failed = new AbortController();
    const signal = AbortSignal.any([interrupted, failed.signal]);
    const work = async (): Promise<void> => {
      while (nowNs() < endNs && this.#next < plans && !signal.aborted) {
        const seed = this.#seed + this.#next;
        this.#next += 1;
        await this.#try(seed, signal, hurry).catch((error: unknown) => failed.abort(error));
      }
    };
    await Promise.all(Array.from({ length: this.#jobs }, work));
    failed.signal.throwIfAborted();
  }

  async #try(seed: number, signal: AbortSignal, hurry: AbortSignal): Promise<void> {
    const { plan } = await draw(this.#chaos.subject, seed);
    const tried = await this.#roll({ ...plan, name: `chaos-${seed}` }, seed, signal, hurry);
    if (tried === null) return;
    this.#tally.add(tried);
    const wrong = wrongIn(tried);
    if (tried.verdict.outcome === 'unknown') console.log(colors.dim(`unknown seed ${seed}: ${tried.verdict.sentence}`));
    if (wrong.length === 0) return;
    this.#failed.push(tried);
    console.log(
      `${colors.red('fails')}  seed ${seed}: ${wrong.join(', ')}: ${tried.deviation ?? tried.verdict.sentence}`,
    );
  }

  /** Null where it was cut short. Whatever holds leaves no folder. */
  async #roll(plan: Plan, seed: number, signal: AbortSignal, hurry: AbortSignal): Promise<Tried | null> {
    const { runtime } = this.#chaos;
    const rolled = await roll(plan, { runtime, runs: this.#folder, signal, hurry, alone: false, isLatest: false });
    if (rolled.fault !== null) throw rolled.fault;
    if (rigEvents(rolled.trace, 'ended')[0]?.how === 'interrupted') return null;
    const { trace, verdict } = rolled;
    const deviation = deviationIn(plan, trace);
    const tried: Tried = { seed, plan, trace, verdict, deviation };
    if (wrongIn(tried).length === 0) rmSync(rolled.folder, { recursive: true, force: true });
    return tried;
  }

  /** To the smallest that fails in the same way. */
  async #shrink(failed: Tried, signal: AbortSignal, hurry: AbortSignal): Promise<void> {
    const { subject } = this.#chaos;
    const { seed } = failed;
    const [how] = wrongIn(failed);
    console.log(colors.dim(`shrinking seed ${seed} …`));
    const { scenario } = await draw(subject, seed);
    const shrunk = await shrink(subject, seed, scenario, async (smaller) => {
      if (signal.aborted) return false;
      const { plan } = drawnOf(subject, smaller);
      const tried = await this.#roll({ ...plan, name: `chaos-${seed}-smaller` }, seed, signal, hurry);
      return tried !== null && wrongIn(tried).includes(how!);
    });
    const file = join(this.#folder, `seed-${seed}.yaml`);
    writeFileSync(file, yamlOf(shrunk.scenario));
    const by = shrunk.byModel ? 'in the model, and confirmed on real members' : `in ${shrunk.tries} rolls`;
    console.log(`seed ${seed} (${how}), shrunk ${by}: ${invocation()} roll ${relative(process.cwd(), file)}`);
  }
}
