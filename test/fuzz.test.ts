/** Bad input of every kind is refused in words, or taken; `npm run soak -- fuzz` tries twenty times as much. */
import { expect } from 'chai';
import { commandsFor } from '../harness/cli/commands.ts';
import { fuzz } from './support/fuzz.ts';
import { carryOutAll, drawCalls } from './support/fuzz-commands.ts';
import { type Input, inputsOf, saveRolls, tryInput } from './support/fuzz-inputs.ts';

const INPUTS = 500;
/** Always the same, so that a test which fails fails again; the soak draws another each time. */
const SEED = 20_260_131;
const JOBS = 2;
/** A process of its own for each call, on a machine that has other things to do. */
const LIMIT_MS = 300_000;

describe('bad input', function () {
  this.timeout(LIMIT_MS);
  let inputs: Input[];
  before(async () => {
    inputs = inputsOf(await saveRolls());
  });

  it('in a file of whatever kind is taken, or refused with its place, and never fails in another way', async () => {
    for (const input of inputs) {
      // Were a sound one refused, all others would be for the same reason, and nothing would be tried.
      await tryInput(input, input.sound);
      const { name, refused, failure } = await fuzz(input, Math.ceil(INPUTS / inputs.length), SEED);
      expect(failure, name).to.equal(null);
      expect(refused, name).to.be.greaterThan(0);
    }
  });

  it('to whatever command ends with an exit code of its own, and no stack trace', async () => {
    const byCommand = Map.groupBy(drawCalls(inputs, 1, SEED), ({ command }) => command);
    const called = await carryOutAll(
      [...byCommand.values()].map((calls) => calls[0]!),
      JOBS,
    );
    // Whatever commands there are: one that is missing in the table is not tried.
    const all = await commandsFor(['--help']);
    expect(called.map(({ command }) => command)).to.have.members(all.map((command) => command.name()));
    for (const { command, failures } of called) expect(failures.join('\n'), command).to.equal('');
  });
});
