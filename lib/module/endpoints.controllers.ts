import { Controller, type Type } from '@nestjs/common';
import { MetricsController } from '../exporters/prometheus/metrics.controller.js';
import { HealthController } from '../health/health.controller.js';
import { LivenessController } from '../health/liveness.controller.js';
import { ReadinessController } from '../health/readiness.controller.js';
import { StartupController } from '../health/startup.controller.js';
import type { EndpointController } from '../http/endpoint.controller.js';
import { CONTROLLER_NAMES, type ControllerName, type ResolvedEndpoints } from '../http/endpoints.options.js';

const CONTROLLERS: Readonly<Record<ControllerName, new () => EndpointController>> = {
  metrics: MetricsController,
  health: HealthController,
  readiness: ReadinessController,
  liveness: LivenessController,
  startup: StartupController,
};

/** Returns the controllers of the endpoints that are on, each with its path. */
export function controllersOf({ paths }: Pick<ResolvedEndpoints, 'paths'>): Type[] {
  return CONTROLLER_NAMES.flatMap((name) => {
    const place = paths[name];
    if (place === false) return [];
    return place.given ? controllerAt(place.path, CONTROLLERS[name]) : CONTROLLERS[name];
  });
}

/** Returns a subclass with another path, and with the name that logs and API documents show. */
function controllerAt(path: string, controller: new () => EndpointController): Type {
  const { name } = controller;
  const subclass = { [name]: class extends controller {} }[name] as Type;
  Controller(path)(subclass);
  return subclass;
}
