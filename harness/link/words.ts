/**
 * What the rig and a relay say to each other, one JSON object a line. A relay knows the connections that its member has dialled, by
 * whom they were dialled to and in which order, and the two directions of each apart: what its member asks, and what is answered.
 */

export type Direction = 'asked' | 'answered';

/** What a relay does with the bytes of a direction. In one that nothing is done to, they pass at once. */
export interface Shape {
  /** Bytes are kept until they are let go. */
  readonly isHeld: boolean;
  /** Every chunk is told as it arrives. */
  readonly isWatched: boolean;
  /** How long bytes take more than they would, in milliseconds. */
  readonly delayMs: number;
  /** Of all connections of the direction together; null for as many as there are. */
  readonly bytesPerSecond: number | null;
}

export type Order =
  | { readonly do: 'shape'; readonly peer: string; readonly direction: Direction; readonly shape: Shape }
  /** Let go what has arrived as one chunk and is held longest, of all connections; and the end of a connection that follows it. */
  | { readonly do: 'next'; readonly peer: string; readonly direction: Direction }
  /** Say how many bytes are kept. */
  | { readonly do: 'count'; readonly peer: string; readonly direction: Direction }
  /**
   * Drop every packet that the member sends to a peer, of the connections that itself has dialled (`asked`) or that the peer has
   * (`answered`); or no more.
   */
  | { readonly do: 'cut'; readonly peer: string; readonly direction: Direction; readonly isCut: boolean };

/** Bytes that have arrived at a relay in a direction that is held or watched. */
export interface Arrival {
  readonly peer: string;
  /** The connections to a peer are numbered from 1. */
  readonly connection: number;
  readonly direction: Direction;
  readonly bytes: number;
  /** How many bytes are held in this direction now, of all connections to the peer. */
  readonly heldBytes: number;
  readonly atNs: number;
}

export type Word =
  | { readonly is: 'ready' }
  /** An order has been carried out. `bytes`: how many were let go by it, or are kept. */
  | { readonly is: 'done'; readonly order: number; readonly bytes: number }
  | { readonly is: 'failed'; readonly because: string }
  | ({ readonly is: 'arrived' } & Arrival);

/** The first thing that a relay is told. */
export interface RelaySettings {
  readonly peers: readonly RelayedPeer[];
  /** The program that takes in rules of the packet filter. */
  readonly restore: string;
}

/** Whom its member dials. */
export interface RelayedPeer {
  readonly peer: string;
  readonly host: string;
  readonly port: number;
  /** An address that nobody has, by which the relay itself reaches the peer: what it dials is not to come back to it. */
  readonly straight: string;
}
