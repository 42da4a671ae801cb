/** What the names of metrics begin with that this library makes itself. */
const OWN =
  /^(http|process|nodejs|system|monitoring|db_client|postgresql|mysql|sqlite|cache|redis|scheduled_job|bullmq|rpc_server|websocket|graphql|api|ALERTS|model_operation|application_build_info)(_|$)/;

/** Whether a metric is made by this library, and not by the application. */
export function isOwnMetric(name: string): boolean {
  return OWN.test(name);
}
