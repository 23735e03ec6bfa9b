/** Set a variable of this process's environment; undefined takes it away. @returns what puts back what was there */
export function setVariable(name: string, value: string | undefined): () => void {
  const before = process.env[name];
  const put = (what: string | undefined): void => {
    if (what === undefined) delete process.env[name];
    else process.env[name] = what;
  };
  put(value);
  return () => put(before);
}
