import { count, duration, type OptionTable, readOptions } from '../../options/option-table.js';
import { booleanOf, expectKeys, expectOption, optionError } from '../../options/option-checks.js';
import { optionOf } from '../../options/option-descriptions.js';
import type { RequestedProfile } from '../context/alert-context.js';
import type { AlertCollection, CollectLimit, RuleBase } from './alert-rule.js';

const MIN_SECONDS = 1;
const MAX_SECONDS = 120;
/** The kinds of profiles in the order in which they are captured: first those that take no time. */
const KEYS: readonly (keyof AlertCollection)[] = ['report', 'cpuProfile', 'allocations', 'heapSnapshot'];

const COLLECT_LIMIT: OptionTable<CollectLimit> = { count: count(2), windowMs: duration(3_600_000) };

/** The profiles that the alerts of a rule capture. */
export interface CompiledCollection {
  readonly requested: readonly RequestedProfile[];
  readonly limit: Required<CollectLimit>;
}

/**
 * Checks and compiles the profiles that the alerts of a rule capture; undefined if there are none.
 *
 * @param owner description of the rule for error messages
 * @throws {MonitoringOptionsError}
 */
export function compileCollection(
  owner: string,
  { collect, collectLimit = {} }: RuleBase,
): CompiledCollection | undefined {
  const option = optionOf(owner, 'collectLimit');
  const limit = readOptions('collectLimit', collectLimit, COLLECT_LIMIT, (key) => optionOf(option, key));
  if (collect === undefined) return undefined;
  const collectOption = optionOf(owner, 'collect');
  expectKeys(collectOption, collect, KEYS);
  const requested = KEYS.flatMap((kind): RequestedProfile[] => {
    const given = collect[kind];
    const name = optionOf(collectOption, kind);
    if (kind === 'report' || kind === 'heapSnapshot') {
      return booleanOf(name, given as boolean | undefined, false) ? [{ kind }] : [];
    }
    return given === undefined ? [] : [{ kind, seconds: secondsOf(name, given) }];
  });
  if (requested.length === 0)
    throw optionError(collectOption, `must have at least one of ${KEYS.join(', ')}.`);
  return { requested, limit };
}

function secondsOf(option: string, given: unknown): number {
  const seconds =
    typeof given === 'string' && /^\d+(?:\.\d+)?s$/.test(given) ? Number(given.slice(0, -1)) : NaN;
  const isValid = seconds >= MIN_SECONDS && seconds <= MAX_SECONDS;
  expectOption(option, given, `a time from '${MIN_SECONDS}s' to '${MAX_SECONDS}s', such as '10s'`, isValid);
  return seconds;
}
