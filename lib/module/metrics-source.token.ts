/** The provider of the metrics to be shown: those of this process, or of all workers of the application. */
export const METRICS_SOURCE = Symbol('monitoring.metricsSource');
