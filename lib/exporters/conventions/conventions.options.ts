import {
  type Convention,
  type ConventionByDomain,
  conventionOfAll,
  CONVENTIONS,
  conventionsOptedIn,
} from '../../metrics/conventions/conventions.js';
import { expectOption } from '../../options/option-checks.js';

/**
 * Checks the option `conventions` and applies its default.
 *
 * @param environment environment variables
 * @throws {MonitoringOptionsError}
 */
export function resolveConventions(
  given: Convention | undefined,
  option = 'conventions',
  environment: NodeJS.ProcessEnv = process.env,
): ConventionByDomain {
  if (given === undefined) return conventionsOptedIn(environment['OTEL_SEMCONV_STABILITY_OPT_IN']);
  expectOption(option, given, "'prometheus', 'otel' or 'both'", CONVENTIONS.includes(given));
  return conventionOfAll(given);
}
