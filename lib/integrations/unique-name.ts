/** Returns a name, with a number after it if the name is in use: `deals`, `deals.2`, `deals.3`. */
export function uniqueName(name: string, used: ReadonlySet<string>): string {
  let unique = name;
  for (let number = 2; used.has(unique); number++) unique = `${name}.${number}`;
  return unique;
}
