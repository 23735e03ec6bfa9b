/** `npm run soak -- fuzz [INPUTS] [SEED]`: bad input of every kind, in great numbers. */
import { plainTable } from '../harness/report/terminal.ts';
import { fuzz as fuzzKind } from '../test/support/fuzz.ts';
import { inputsOf, saveRolls } from '../test/support/fuzz-inputs.ts';

const INPUTS = '10000';

export async function fuzz([
  inputs = INPUTS,
  seedText = String(Date.now() % 2 ** 31),
]: readonly string[]): Promise<boolean> {
  const [most, seed] = [Number(inputs), Number(seedText)];
  console.log(`seed ${seed}: the same again with npm run soak -- fuzz ${most} ${seed}`);
  const kinds = inputsOf(await saveRolls());
  const table = plainTable(['what', 'inputs', 'taken', 'refused', 'anything else']);
  let isFine = true;
  for (const kind of kinds) {
    const each = Math.ceil(most / kinds.length);
    const { name, taken, refused, failure } = await fuzzKind(kind, each, seed);
    table.push([name, each, taken, refused, failure === null ? 'none' : 'YES']);
    if (failure !== null) console.log(`${name}:\n${failure}\n`);
    isFine &&= failure === null;
  }
  console.log(table.toString());
  return isFine;
}
