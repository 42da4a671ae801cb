/**
 * Returns a name that is not taken: the name itself, or with the first free number from 2 appended.
 *
 * @param separator text between the name and the number
 */
export function freeName(name: string, isTaken: (name: string) => boolean, separator = '_'): string {
  let free = name;
  for (let number = 2; isTaken(free); number++) free = `${name}${separator}${number}`;
  return free;
}
