/** The name prefixes of the metrics of this library. */
const OWN =
  /^(http|process|nodejs|system|monitoring|db_client|postgresql|mysql|sqlite|cache|redis|scheduled_job|bullmq|rpc_server|websocket|graphql|api|ALERTS|model_operation|application_build_info)(_|$)/;

/** Returns whether a metric belongs to this library, and not to the application. */
export function isLibraryMetric(name: string): boolean {
  return OWN.test(name);
}
