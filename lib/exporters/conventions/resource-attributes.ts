/** The name and the version of an application. */
export interface ResourceDefaults {
  readonly name?: string;
  readonly version?: string;
}

const UNKNOWN_SERVICE = 'unknown_service:node';

/**
 * Returns the attributes of this process as a resource of OpenTelemetry: those of OTEL_RESOURCE_ATTRIBUTES, the name in
 * OTEL_SERVICE_NAME, and the defaults for what they leave open.
 *
 * @see https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
 */
export function resourceAttributes(
  { name = UNKNOWN_SERVICE, version }: ResourceDefaults,
  environment: NodeJS.ProcessEnv,
): Record<string, string> {
  const serviceName = environment['OTEL_SERVICE_NAME'] || undefined;
  return {
    'service.name': name,
    ...(version !== undefined && { 'service.version': version }),
    ...pairsIn(environment['OTEL_RESOURCE_ATTRIBUTES']),
    ...(serviceName !== undefined && { 'service.name': serviceName }),
  };
}

/** Parses `a=b,c=d`, where values may be percent-encoded. */
export function pairsIn(text: string | undefined): Record<string, string> {
  const pairs = (text ?? '')
    .split(',')
    .map((pair) => pair.split('='))
    .filter(([name = '', ...value]) => name.trim() !== '' && value.length > 0)
    .map(([name = '', ...value]): [string, string] => [name.trim(), decoded(value.join('=').trim())]);
  return Object.fromEntries(pairs);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
