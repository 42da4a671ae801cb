/** Injection token of the metrics to expose: those of this process, or of all workers of the application. */
export const METRICS_SOURCE = Symbol('monitoring.metricsSource');
