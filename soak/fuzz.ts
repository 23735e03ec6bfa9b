/** `npm run soak -- fuzz [INPUTS] [SEED] [CALLS]`: bad input of every kind in great numbers, and a part through every command. */
import { plainTable } from '../harness/report/table.ts';
import { fuzz as fuzzKind } from '../test/support/fuzz.ts';
import { carryOutAll, drawCalls } from '../test/support/fuzz-commands.ts';
import { type Input, inputsOf, saveRolls } from '../test/support/fuzz-inputs.ts';

const INPUTS = '10000';
/** Of every kind of call, each a process of its own. */
const CALLS = '5';
const JOBS = 2;

/** @returns whether nothing was found */
export async function fuzz([
  inputs = INPUTS,
  seedText = String(Date.now() % 2 ** 31),
  calls = CALLS,
]: readonly string[]): Promise<boolean> {
  const seed = Number(seedText);
  console.log(`seed ${seed}: the same again with npm run soak -- fuzz ${inputs} ${seed} ${calls}`);
  const kinds = inputsOf(await saveRolls());
  const read = await readAll(kinds, Math.ceil(Number(inputs) / kinds.length), seed);
  return (await commandAll(kinds, Number(calls), seed)) && read;
}

async function readAll(kinds: readonly Input[], each: number, seed: number): Promise<boolean> {
  const table = plainTable(['file', 'inputs', 'taken', 'refused', 'anything else']);
  let isFine = true;
  for (const kind of kinds) {
    const { name, taken, refused, failure } = await fuzzKind(kind, each, seed);
    table.push([name, each, taken, refused, failure === null ? 'none' : 'YES']);
    if (failure !== null) console.log(`${name}:\n${failure}\n`);
    isFine &&= failure === null;
  }
  console.log(table.toString());
  return isFine;
}

async function commandAll(kinds: readonly Input[], each: number, seed: number): Promise<boolean> {
  const table = plainTable(['command', 'calls', 'by exit code', 'anything else']);
  const called = await carryOutAll(drawCalls(kinds, each, seed), JOBS);
  for (const { command, exits, failures } of called) {
    const count = [...exits.values()].reduce((sum, some) => sum + some, 0);
    const words = [...exits].sort().map(([exit, some]) => `${exit}: ${some}`);
    table.push([command, count, words.join(', '), failures.length === 0 ? 'none' : failures.length]);
    for (const failure of failures) console.log(`${failure}\n`);
  }
  console.log(`\n${table.toString()}`);
  return called.every(({ failures }) => failures.length === 0);
}
