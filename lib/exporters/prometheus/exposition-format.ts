/** The formats that Prometheus reads: its own text format 0.0.4, and OpenMetrics 1.0. */
export type ExpositionFormat = 'prometheus' | 'openmetrics';
