/** Returns the number at an index that is known to exist. */
export function numberAt(numbers: Float64Array, index: number): number {
  return numbers[index] ?? NaN;
}
