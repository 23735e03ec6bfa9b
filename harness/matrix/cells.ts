/** From a spec and the versions there are to the cells of a matrix, each with the plan of its rolls. Pure. */
import { InputError } from '../input/errors.ts';
import { Scenario } from '../input/scenario.ts';
import { rollName } from '../input/values.ts';
import { compile } from '../plan/compile.ts';
import type { Plan } from '../plan/plan.ts';
import { type Dimensions, idOf, OWN } from './dimensions.ts';
import { type Pair, pairName, pairsNamed, type RolledDaemon } from './pairs.ts';
import { chosenOf } from './pattern.ts';
import type { MatrixSpec } from './spec.ts';

interface Place extends Dimensions {
  readonly id: string;
  readonly from: string;
  readonly to: string;
}

/** A cell that can be rolled. */
export interface PossibleCell extends Place {
  readonly plan: Plan;
  readonly impossible: null;
}

/** A cell that its strategy cannot take, with the reason. */
export interface ImpossibleCell extends Place {
  readonly plan: null;
  readonly impossible: string;
}

export type Cell = PossibleCell | ImpossibleCell;

export function isPossible(cell: Cell): cell is PossibleCell {
  return cell.plan !== null;
}

/** An order of so many members, and how a scenario says it. */
interface Order {
  readonly members: number;
  readonly name: string;
  readonly order: 'together' | number[];
}

/**
 * The cells of a matrix, in the order of its spec, each once.
 * @throws InputError where an order does not fit a number of members, or nothing is left to roll
 */
export function cellsOf(spec: MatrixSpec, rolled: RolledDaemon): Cell[] {
  const pairs = spec.pairs.flatMap((text) => pairsNamed(text, rolled));
  const orders = spec.members.flatMap((members) => ordersOf(spec, members, pairs[0]!, rolled));
  const places = spec.databases.flatMap((database) =>
    spec.strategies.flatMap((strategy) =>
      spec.wakeups.flatMap((wakeups) =>
        spec.paces.flatMap((pace) =>
          pairs.flatMap((pair) => orders.map((order) => placeOf(pair, order, { strategy, wakeups, database, pace }))),
        ),
      ),
    ),
  );
  const once = new Map(places.map((place) => [place.id, place]));
  return chosenOf([...once.values()], spec).map(({ how, ...place }) => cellOf(place, how, spec, rolled));
}

function placeOf(pair: Pair, given: Order, rest: Pick<Dimensions, 'strategy' | 'wakeups' | 'database' | 'pace'>) {
  // Whoever are refreshed at once have no order.
  const order: Order = rest.pace === 'together' ? { ...given, name: 'together', order: 'together' } : given;
  const dimensions = { pair: pairName(pair), order: order.name, ...rest, members: order.members };
  return { id: idOf(dimensions), ...pair, ...dimensions, how: order };
}

/** Compiling the pair's plain roll says which orders there are, and refuses those that do not fit. */
function ordersOf(spec: MatrixSpec, members: number, pair: Pair, { source: daemon, versions }: RolledDaemon): Order[] {
  return spec.orders.flatMap((order) => {
    const seed = order === 'random' ? { seed: spec.seed } : {};
    const scenario = Scenario.parse({ ...pair, members, order, ...seed });
    if (scenario.order === 'together') return [{ members, name: 'together', order: 'together' }];
    return compile({ scenario, daemon, versions, records: [], freshSeed: spec.seed }).map((plan): Order => {
      const numbers = plan.order.map((member) => plan.members.indexOf(member) + 1);
      return { members, name: numbers.join(members > 9 ? '.' : ''), order: numbers };
    });
  });
}

function cellOf(place: Place, { order }: Order, spec: MatrixSpec, { source: daemon, versions }: RolledDaemon): Cell {
  const { id, from, to, strategy, wakeups, database, members, pace } = place;
  const scenario = Scenario.parse({
    name: rollName(id),
    ...{ from, to, order, members, runtime: spec.runtime, expect: { budgets: spec.budgets } },
    ...(pace === OWN || pace === 'together' ? {} : { pace }),
    ...(pace === 'auto' ? { seed: spec.seed } : {}),
    ...(spec.aim === null ? {} : { aim: spec.aim }),
    ...(strategy === OWN
      ? {}
      : { strategy, wakeups, database, wait: spec.wait, ...(spec.insecure === true ? { insecure: true } : {}) }),
  });
  try {
    const [plan] = compile({ scenario, daemon, versions, records: [], freshSeed: spec.seed });
    return { ...place, plan: plan!, impossible: null };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return { ...place, plan: null, impossible: error.message };
  }
}
