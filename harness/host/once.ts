/** What is worked out of a thing once, and kept for as long as that is: the same is asked of it many times. */
export function once<Key extends object, Value>(made: WeakMap<Key, Value>, key: Key, make: () => Value): Value {
  const known = made.get(key);
  if (known !== undefined) return known;
  const value = make();
  made.set(key, value);
  return value;
}
