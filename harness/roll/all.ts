/** Several works at once. */

/** As Promise.all, but whatever is under way has ended when it fails, so that nothing goes on behind the roll's back. */
export async function all(works: ReadonlyArray<Promise<unknown>>): Promise<void> {
  const ends = await Promise.allSettled(works);
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}
