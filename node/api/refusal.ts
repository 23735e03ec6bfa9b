/** An answer to a request that the member will not carry out: an HTTP status, and a sentence that says why. */
export class Refusal extends Error {
  override name = 'Refusal';
  readonly statusCode: number;
  /** The reason in a word, where programs look at it. */
  readonly why: string | undefined;

  constructor(statusCode: number, message: string, why?: string) {
    super(message);
    this.statusCode = statusCode;
    this.why = why;
  }
}
