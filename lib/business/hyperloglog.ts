/** Of the hash, so many bits choose a register: the relative standard error is `1.04 / sqrt(2 ** 14)`, 0.81 %. */
const INDEX_BITS = 14;
const REGISTERS = 1 << INDEX_BITS;
/** How many bits of the hash are left, and one more for when none of them is set. */
const LONGEST_RUN = 64 - INDEX_BITS + 1;

/**
 * Estimates how many different texts it was shown, without keeping any of them, in 16 kB. The standard error is
 * 0.81 %, of a hundred million as of a thousand; what was added cannot be had back. The estimator is the one of
 * Ertl, "New cardinality estimation algorithms for HyperLogLog sketches" (2017), which needs no correction tables.
 */
export class HyperLogLog {
  private readonly longestRuns = new Uint8Array(REGISTERS);

  add(text: string): void {
    const [high, low] = hash64(text);
    const index = high >>> (32 - INDEX_BITS);
    const rest = (high << INDEX_BITS) >>> 0;
    const run = rest !== 0 ? Math.clz32(rest) + 1 : 32 - INDEX_BITS + Math.clz32(low) + 1;
    if (run > this.longestRuns[index]) this.longestRuns[index] = run;
  }

  /** Adds what another one was shown. */
  merge(other: HyperLogLog): void {
    for (let i = 0; i < REGISTERS; i++) {
      if (other.longestRuns[i] > this.longestRuns[i]) this.longestRuns[i] = other.longestRuns[i];
    }
  }

  estimate(): number {
    const counts = new Uint32Array(LONGEST_RUN + 1);
    for (const run of this.longestRuns) counts[run]++;
    let z = REGISTERS * tau(1 - counts[LONGEST_RUN] / REGISTERS);
    for (let run = LONGEST_RUN - 1; run >= 1; run--) z = (z + counts[run]) / 2;
    z += REGISTERS * sigma(counts[0] / REGISTERS);
    return (REGISTERS * REGISTERS) / (2 * Math.LN2 * z);
  }
}

/** `x + sum of x ** (2 ** k) * 2 ** (k - 1)`, as far as it changes anything. */
function sigma(x: number): number {
  if (x === 1) return Infinity;
  let sum = x;
  let weight = 1;
  for (let power = x * x, before = NaN; sum !== before; power *= power, weight *= 2) {
    before = sum;
    sum += power * weight;
  }
  return sum;
}

/** `(1 - x - sum of (1 - x ** (2 ** -k)) ** 2 * 2 ** -k) / 3`, as far as it changes anything. */
function tau(x: number): number {
  if (x === 0 || x === 1) return 0;
  let sum = 1 - x;
  let weight = 0.5;
  for (let root = Math.sqrt(x), before = NaN; sum !== before; root = Math.sqrt(root), weight /= 2) {
    before = sum;
    sum -= (1 - root) ** 2 * weight;
  }
  return sum / 3;
}

/** Two halves of a hash: a running product for each over the characters, and then bits spread over all places. */
function hash64(text: string): [high: number, low: number] {
  let a = 0x9e3779b9 ^ text.length;
  let b = 0x85ebca6b;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    a = Math.imul(a ^ code, 0x9e3779b1);
    a = (a << 13) | (a >>> 19);
    b = Math.imul(b ^ code, 0xc2b2ae3d);
    b = (b << 15) | (b >>> 17);
  }
  const high = spread(a ^ spread(b));
  return [high, spread(b ^ high)];
}

/** Every bit of the result depends on every bit of the input. */
function spread(bits: number): number {
  let mixed = bits;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x7feb352d);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x846ca68b);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
