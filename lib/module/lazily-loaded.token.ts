import type { ClusterMember } from '../cluster/cluster-member.js';
import type { ApplicationDashboard } from '../dashboard/application-dashboard.js';
import type { BlockRecorder } from '../diagnostics/blocked-loop/block.recorder.js';
import type { BlockedLoopLifecycle } from '../diagnostics/blocked-loop/blocked-loop.lifecycle.js';
import type { FlightRecorder } from '../diagnostics/flight-recorder/flight-recorder.js';
import type { OpenTelemetryBridge } from '../integrations/opentelemetry/open-telemetry.bridge.js';
import type { GraphQLInstrumentation } from '../instrumentation/graphql/graphql.instrumentation.js';

/** The injection token of a part whose class is loaded only by an application that uses it. */
export type LazilyLoaded<Part> = symbol & { readonly part?: Part };

/** The injection token of the member of a cluster; null if the option is off. */
export const CLUSTER_MEMBER: LazilyLoaded<ClusterMember> = Symbol('monitoring.clusterMember');

/** The injection token of the instrumentation of GraphQL; null without a `GraphQLModule`. */
export const GRAPHQL_INSTRUMENTATION: LazilyLoaded<GraphQLInstrumentation> = Symbol('monitoring.graphql');

/** The injection token of the flight recorder; null if the option is not given. */
export const FLIGHT_RECORDER: LazilyLoaded<FlightRecorder> = Symbol('monitoring.flightRecorder');

/** The injection token of the bridge from the metrics of OpenTelemetry; null if the option is off. */
export const OPEN_TELEMETRY_BRIDGE: LazilyLoaded<OpenTelemetryBridge> = Symbol(
  'monitoring.openTelemetryBridge',
);

/** The injection token of the dashboard; null if it is off. */
export const DASHBOARD: LazilyLoaded<ApplicationDashboard> = Symbol('monitoring.dashboard');

/** The injection token of the recorder of what blocks the event loop; null if the option is off. */
export const BLOCK_RECORDER: LazilyLoaded<BlockRecorder> = Symbol('monitoring.blockRecorder');

/** The injection token of the watch of the event loop; null if the option is off. */
export const BLOCKED_LOOP: LazilyLoaded<BlockedLoopLifecycle> = Symbol('monitoring.blockedLoop');
