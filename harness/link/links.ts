/**
 * The links of a roll: the ways from each member to each other, with a relay in all that one of them dials. What is done to them is
 * done to a flow: the bytes from one member to another, on the connections that one of the two has dialled. One port of a
 * member carries everything; who dialled tells its answers from its questions.
 */
import type { Relay } from './relay.ts';
import type { Arrival, Direction, Shape } from './words.ts';

/** Bytes from one member to another, on connections that `dialledBy`, which is one of the two, has dialled. */
export interface Flow {
  readonly from: string;
  readonly to: string;
  readonly dialledBy: string;
}

/** What is done to a flow by one fault; several at once add up. */
export type Shaping = Partial<Shape>;

/** Bytes of a flow that have arrived where they can be held. */
export interface FlowArrival extends Pick<Arrival, 'connection' | 'bytes' | 'heldBytes' | 'atNs'> {
  readonly flow: Flow;
}

export class Links {
  readonly #relays: ReadonlyMap<string, Relay>;
  readonly #shapings = new Map<string, Set<Shaping>>();
  readonly #listeners = new Set<(arrival: FlowArrival) => void>();

  /** @param relays by the member whose connections they relay */
  constructor(relays: ReadonlyMap<string, Relay>) {
    this.#relays = relays;
  }

  /** Do something to a flow, until what is returned is called. @throws EnvironmentError */
  async shape(flow: Flow, shaping: Shaping): Promise<() => Promise<void>> {
    const shapings = this.#shapingsOf(flow);
    shapings.add(shaping);
    await this.#order(flow);
    return async () => {
      if (shapings.delete(shaping)) await this.#order(flow);
    };
  }

  /** Let go the chunk of a held flow that came first. @returns its bytes; 0 where there is none */
  next(flow: Flow): Promise<number> {
    const { relay, peer, direction } = this.#placeOf(flow);
    return relay.order({ do: 'next', peer, direction });
  }

  /** How many bytes of a flow are kept. */
  kept(flow: Flow): Promise<number> {
    const { relay, peer, direction } = this.#placeOf(flow);
    return relay.order({ do: 'count', peer, direction });
  }

  /** Drop every packet of a flow, until what is returned is called. */
  async cut(flow: Flow): Promise<() => Promise<void>> {
    const { from, to, dialledBy } = flow;
    const direction = dialledBy === from ? 'asked' : 'answered';
    const order = async (isCut: boolean): Promise<void> => {
      await this.#relayOf(from).order({ do: 'cut', peer: to, direction, isCut });
    };
    await order(true);
    return () => order(false);
  }

  /** Be told of all that arrives in flows that are held or watched, until what is returned is called. */
  onArrival(listener: (arrival: FlowArrival) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** For relays: something has arrived. */
  arrived(dialler: string, { peer, direction, connection, bytes, heldBytes, atNs }: Arrival): void {
    const ends = direction === 'asked' ? { from: dialler, to: peer } : { from: peer, to: dialler };
    const flow: Flow = { ...ends, dialledBy: dialler };
    for (const listener of this.#listeners) listener({ flow, connection, bytes, heldBytes, atNs });
  }

  async #order(flow: Flow): Promise<void> {
    const { relay, peer, direction } = this.#placeOf(flow);
    const shape = sumOf([...this.#shapingsOf(flow)]);
    await relay.order({ do: 'shape', peer, direction, shape });
  }

  #shapingsOf({ from, to, dialledBy }: Flow): Set<Shaping> {
    const key = `${from} ${to} ${dialledBy}`;
    const known = this.#shapings.get(key) ?? new Set();
    this.#shapings.set(key, known);
    return known;
  }

  #placeOf({ from, to, dialledBy }: Flow): { relay: Relay; peer: string; direction: Direction } {
    const isAsked = dialledBy === from;
    if (!isAsked && dialledBy !== to) throw new Error(`${dialledBy} is neither end of a link from ${from} to ${to}`);
    return { relay: this.#relayOf(dialledBy), peer: isAsked ? to : from, direction: isAsked ? 'asked' : 'answered' };
  }

  #relayOf(member: string): Relay {
    const relay = this.#relays.get(member);
    if (relay === undefined) throw new Error(`there is no relay in the links of ${member}`);
    return relay;
  }
}

function sumOf(shapings: readonly Shaping[]): Shape {
  const rates = shapings.flatMap(({ bytesPerSecond }) => bytesPerSecond ?? []);
  return {
    isHeld: shapings.some(({ isHeld }) => isHeld),
    isWatched: shapings.some(({ isWatched }) => isWatched),
    delayMs: shapings.reduce((sum, { delayMs = 0 }) => sum + delayMs, 0),
    bytesPerSecond: rates.length === 0 ? null : Math.min(...rates),
  };
}
