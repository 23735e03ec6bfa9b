/** A line of a member's log that is for people. */
export interface LogLine {
  readonly member: string;
  /** Nanoseconds of the trace's clock, as near as the log's own time has it. */
  readonly atNs: number;
  readonly text: string;
}
