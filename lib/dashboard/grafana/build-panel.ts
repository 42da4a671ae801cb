import { addressOf } from './dashboard-links.js';
import {
  type GrafanaLink,
  type GrafanaPanel,
  type GrafanaQuery,
  type GrafanaThreshold,
  type HeatmapPanel,
  queriesOf,
  type StatPanel,
  type StateTimelinePanel,
  type TimeSeriesPanel,
} from './grafana-dashboard.js';
import type { GrafanaSdk } from './grafana-sdk.js';
import { labelOf, type Naming, targetQuery } from './naming.js';

/** The Prometheus that a variable chooses. */
export const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };

const REF_IDS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
/** Colors of a figure without thresholds, and below the first one. */
const NEUTRAL = 'text';
const GOOD = 'green';

/** Builds the panels of Grafana. */
export class PanelFactory {
  constructor(
    private readonly sdk: GrafanaSdk,
    private readonly naming: Naming,
  ) {}

  timeSeries(panel: TimeSeriesPanel) {
    const { common, dashboard, timeseries } = this.sdk;
    const builder = new timeseries.PanelBuilder()
      .unit(panel.unit)
      .min(0)
      .fillOpacity(panel.stacked === true ? 40 : 8)
      .colorScheme(new dashboard.FieldColorBuilder().mode(dashboard.FieldColorModeId.PaletteClassicByName))
      .tooltip({
        build: () => ({ mode: common.TooltipDisplayMode.Multi, sort: common.SortOrder.Descending }),
      })
      .dataLinks(this.links(panel, '__field.labels'));
    if (panel.max !== undefined) builder.max(panel.max);
    if (panel.stacked === true) {
      builder.stacking(new common.StackingConfigBuilder().mode(common.StackingMode.Normal));
    }
    for (const [name, fixedColor] of Object.entries(panel.colors ?? {})) {
      builder.overrideByRegexp(`/${name}/`, [{ id: 'color', value: { mode: 'fixed', fixedColor } }]);
    }
    panel.queries.forEach((own, i) => {
      const target = this.query(own, i).range();
      builder.withTarget(panel.exemplars === true ? target.exemplar(true) : target);
    });
    return builder;
  }

  stat(panel: StatPanel) {
    const { common, stat } = this.sdk;
    return new stat.PanelBuilder()
      .unit(panel.unit)
      .min(0)
      .noValue(panel.noValue ?? '–')
      .thresholds(this.thresholds(panel.thresholds))
      .graphMode(common.BigValueGraphMode.Area)
      .colorMode(common.BigValueColorMode.Value)
      .reduceOptions(new common.ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(false))
      .dataLinks(this.links(panel, '__field.labels'))
      .withTarget(this.query(panel.query, 0).range());
  }

  heatmap(panel: HeatmapPanel) {
    const { heatmap, prometheus } = this.sdk;
    const builder = new heatmap.PanelBuilder()
      .calculate(false)
      .yAxis(new heatmap.YAxisConfigBuilder().unit(panel.unit))
      .color(
        new heatmap.HeatmapColorOptionsBuilder()
          .mode(heatmap.HeatmapColorMode.Scheme)
          .scale(heatmap.HeatmapColorScale.Exponential)
          .steps(64),
      );
    // Grafana draws one kind of buckets: the native ones if it gets any.
    const kinds =
      this.naming.histograms === 'both' ? (['native', 'classic'] as const) : [this.naming.histograms];
    kinds.forEach((histograms, i) => {
      for (const own of queriesOf(panel)) {
        builder.withTarget(
          this.query(own, i, { ...this.naming, histograms })
            .format(prometheus.PromQueryFormat.Heatmap)
            .range()
            .exemplar(true),
        );
      }
    });
    return builder;
  }

  stateTimeline(panel: StateTimelinePanel) {
    const { common, dashboard, statetimeline } = this.sdk;
    return new statetimeline.PanelBuilder()
      .mappings([{ type: dashboard.MappingType.ValueToText, options: { ...panel.states } }])
      .colorScheme(new dashboard.FieldColorBuilder().mode(dashboard.FieldColorModeId.Thresholds))
      .thresholds(this.thresholds())
      .showValue(common.VisibilityMode.Auto)
      .mergeValues(true)
      .perPage(20)
      .dataLinks(this.links(panel, '__field.labels'))
      .withTarget(this.query(panel.query, 0).range());
  }

  /** Returns a builder of a query. @param at position among the queries of the panel */
  query(own: GrafanaQuery, at: number, naming = this.naming) {
    const { expr, legend } = targetQuery(own, naming);
    return new this.sdk.prometheus.DataqueryBuilder()
      .datasource(DATASOURCE)
      .refId(REF_IDS[at] ?? `A${at}`)
      .expr(expr)
      .legendFormat(legend);
  }

  /** Returns a builder of thresholds. @param steps none for one neutral color */
  thresholds(steps: readonly GrafanaThreshold[] = []) {
    const { ThresholdsConfigBuilder, ThresholdsMode } = this.sdk.dashboard;
    return new ThresholdsConfigBuilder()
      .mode(ThresholdsMode.Absolute)
      .steps([
        { value: null, color: steps.length > 0 ? GOOD : NEUTRAL },
        ...steps.map(({ value, color }) => ({ value, color })),
      ]);
  }

  /** Returns builders of links. @param labels the variable of Grafana with the labels of a point or a table row */
  links(panel: GrafanaPanel, labels: '__field.labels' | '__data.fields') {
    return (panel.links ?? []).map((link) => this.link(panel, link, labels));
  }

  private link(panel: GrafanaPanel, { title, to, route }: GrafanaLink, labels: string) {
    const { DashboardLinkBuilder, DashboardLinkType } = this.sdk.dashboard;
    const [first] = queriesOf(panel);
    const from = route && first && `${labels}.${labelOf(route, first.expr, this.naming)}`;
    return inPlace(new DashboardLinkBuilder(title).type(DashboardLinkType.Link).url(addressOf(to, from)));
  }
}

/**
 * Returns a builder of something that is shown where it was always shown, which the SDK places into the menu of controls by
 * default.
 */
export function inPlace<T extends { placement?: unknown }>(builder: { build: () => T }): { build: () => T } {
  return {
    build: () => {
      const { placement: _, ...built } = builder.build();
      return built as T;
    },
  };
}
