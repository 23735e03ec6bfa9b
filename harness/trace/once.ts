/** What is worked out of a trace, or a part of one, once: lists are asked for the same things many times. */
export function once<Key extends object, Value>(made: WeakMap<Key, Value>, key: Key, make: () => Value): Value {
  const known = made.get(key);
  if (known !== undefined) return known;
  const value = make();
  made.set(key, value);
  return value;
}
