/** What a roll is carried out with. */
import type { Artifact } from '../build/artifact.ts';
import type { Daemon } from '../daemon/contract.ts';
import type { Site } from '../runtime/runtime.ts';
import type { Recorder } from './recorder.ts';

export interface Stage {
  readonly daemon: Daemon;
  readonly site: Site;
  readonly artifacts: ReadonlyMap<string, Artifact>;
  readonly recorder: Recorder;
  /** Receives every line that a member prints, events too. */
  readonly log: (member: string, line: string) => void;
  /** Ends the roll early: somebody has interrupted it, or, with an EnvironmentError, its place is lost. */
  readonly signal: AbortSignal;
  /** Kills all members at once, whatever they are at. */
  readonly hurry: AbortSignal;
  /** Whether the roll has the machine to itself. */
  readonly alone: boolean;
  /** Whether the members' folders hold a cluster that was formed earlier. */
  readonly isFormed: boolean;
  /** Keeps a cluster that has just been formed: all members are stopped. Null where it is not to be kept. */
  readonly keep: (() => Promise<void>) | null;
}
