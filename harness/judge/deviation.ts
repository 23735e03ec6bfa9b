/** A step that the model could not have taken, or that is missing: the check of conformance ends at the first. */
export class Deviation extends Error {
  override name = 'Deviation';
}
