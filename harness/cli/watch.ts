/** `refresh-rig watch`: roll, and show the report in a browser while the roll goes on. */
import { Command } from 'commander';
import { InputError } from '../input/errors.ts';
import { rollPage } from '../report/page.ts';
import { watch } from '../report/watch.ts';
import { interruptSignal } from './interrupt.ts';
import { plansFrom, type RollFlags, withRollFlags } from './options.ts';
import { pageRollOf } from './page-of-run.ts';
import { exitCodeOf, rollAll } from './roll.ts';

export function watchCommand(): Command {
  return withRollFlags(new Command('watch'))
    .option('--open', 'show it in the browser')
    .action(async (scenario: string | undefined, flags: RollFlags & { open?: boolean }) => {
      const plans = plansFrom(scenario, flags);
      const [plan] = plans;
      if (plan === undefined || plans.length > 1) throw new InputError('--order all: watch takes one order: name it');
      const watching = await watch(plan);
      try {
        console.log(`watch it at ${watching.address}`);
        if (flags.open) await (await import('open')).default(watching.address);
        const session = await rollAll([plan], false, { observer: watching.observer });
        process.exitCode = exitCodeOf(session);
        const [rolled] = session.rolled;
        if (session.interrupted || rolled === undefined) return;
        watching.judged(await rollPage(pageRollOf(rolled.folder, '', rolled.plan, rolled.trace, rolled.verdict)));
        console.log(`the report stays at ${watching.address} until Ctrl-C`);
        await untilInterrupted();
      } finally {
        await watching.close();
      }
    });
}

function untilInterrupted(): Promise<void> {
  const { signal, release } = interruptSignal();
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => {
      release();
      resolve();
    });
  });
}
