import { tabbedArea } from './areas.js';
import { cardinalityView, metricsView } from './metrics.view.js';
import { panelsView } from './panels.view.js';

/** The area of every metric: its series, its cardinality, its PromQL, and the metrics of the application itself. */
export const area = tabbedArea('explore', 'Explore', [
  ['metrics', 'Metrics', metricsView],
  ['business', 'Business', panelsView('business')],
  ['cardinality', 'Cardinality', cardinalityView],
]);
