import type { Row } from './cases/case.js';
import { formatNumber } from './format-number.js';

/** The name of this library in the results of a row. */
export const OURS = 'nestjs-monitoring';

/** A goal of a row. Only relations to another figure of the same run outlast a change of machine. */
export type Goal =
  /** The figure of a peer is at least so many times ours. */
  | { readonly kind: 'ratio'; readonly peer: string; readonly atLeast: number }
  /** Ours is at most so much more than that of a peer, in the unit of the row. */
  | { readonly kind: 'difference'; readonly peer: string; readonly atMost: number }
  /** Ours is at most by this share more than that of a peer. */
  | { readonly kind: 'share'; readonly peer: string; readonly atMost: number }
  /** Ours is at most so much, in the unit of the row. */
  | { readonly kind: 'limit'; readonly atMost: number };

/** A goal and what came of it. */
export interface Verdict {
  readonly isMet: boolean;
  readonly wanted: string;
  readonly reached: string;
}

export const timesFaster = (atLeast: number, peer = 'prom-client'): Goal => ({
  kind: 'ratio',
  peer,
  atLeast,
});
export const atMost = (limit: number): Goal => ({ kind: 'limit', atMost: limit });

/** Compares a row with its goal; undefined if it has none, or if the peer was not measured. */
export function verdictOf({ goal, results, unit }: Row): Verdict | undefined {
  const ours = results[OURS]?.median;
  if (goal === undefined || ours === undefined) return undefined;
  if (goal.kind === 'limit') return verdict(ours, goal.atMost, (value) => `${formatNumber(value)} ${unit}`);
  const peer = results[goal.peer]?.median;
  if (peer === undefined) return undefined;
  if (goal.kind === 'ratio') {
    return {
      isMet: peer / ours >= goal.atLeast,
      wanted: `${goal.peer} ≥ ${formatNumber(goal.atLeast)} ×`,
      reached: `${formatNumber(peer / ours)} ×`,
    };
  }
  return goal.kind === 'difference'
    ? verdict(ours - peer, goal.atMost, (value) => `${formatNumber(value)} ${unit} over ${goal.peer}`)
    : verdict(ours / peer - 1, goal.atMost, (value) => `${formatNumber(value * 100)} % over ${goal.peer}`);
}

function verdict(reached: number, limit: number, format: (value: number) => string): Verdict {
  return { isMet: reached <= limit, wanted: `≤ ${format(limit)}`, reached: format(reached) };
}
