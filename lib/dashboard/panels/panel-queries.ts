import { ApiError } from '../dashboard-api.endpoints.js';
import type { MetricsHistory } from '../../query/metrics-history.js';
import type { DashboardHistory } from '../dashboard-history.js';
import type { RangeAnswer } from '../range-answer.js';
import type { Computation, Panel, Query, Unit } from '../views/panel.js';
import { unitOfMetric, unitOfRate } from '../views/unit-of-metric.js';
import type { TimeRange } from '../views/time-range.js';
import { highestLines, type Line, type PanelData, type ViewReader } from '../views/view-data.js';
import { type PanelPlace } from './dashboard-panel.explorer.js';
import type { DashboardArea } from './dashboard-panel.js';
import { ChartRetention, type OwnPanels } from './own-panels.js';
import type { ShownChart, ShownLine, ShownPromqlLine } from './chart-content.js';
import type { ShownContent } from './panel-content.js';
import { PromqlLines } from './promql-lines.js';
import { type PanelRun, refreshAll } from './panel-run.js';

/** The time that an answer waits for slow panels, in milliseconds. The others are shown without them. */
const PATIENCE_MS = 200;

/** A panel as the page receives it. */
export interface PanelAnswer {
  readonly id: string;
  readonly title: string;
  /** `running` if there is no result yet; what there was before is shown until then. */
  readonly state: 'ready' | 'running' | 'failed';
  readonly problem?: string;
  /** Time at which the content was read, in milliseconds since the Unix epoch. */
  readonly readAt?: number;
  readonly content?: Omit<ShownContent, 'charts' | 'actions'> & {
    readonly charts: readonly PanelData[];
    readonly actions: readonly { readonly title: string; readonly confirm?: string }[];
  };
}

/** The answers about the panels of the application. */
export class PanelQueries {
  private readonly retention: ChartRetention;

  constructor(
    private readonly panels: OwnPanels,
    private readonly history: MetricsHistory,
    private readonly viewsOf: (from: DashboardHistory) => Pick<ViewReader, 'panel'>,
    private readonly answerOf: RangeAnswer,
    private readonly hasAuth: boolean,
  ) {
    this.retention = new ChartRetention(history);
  }

  /**
   * Returns the panels of an area or a page, with their charts over a range.
   *
   * @throws {ApiError} if there is no panel
   */
  async read(query: URLSearchParams, range: TimeRange): Promise<unknown> {
    const place = placeOf(query);
    const runs = this.panels.in(place);
    if (runs.length === 0 && 'page' in place) throw new ApiError(404, 'There is no panel on this page.');
    await refreshAll(runs, this.history.lastSample, PATIENCE_MS);
    const versions = runs.map(({ outcome, isRunning }) => [outcome.version, isRunning]);
    return this.answerOf(query, ['panels', place, versions], range, (from) =>
      this.answers(runs, range, from),
    );
  }

  private *answers(
    runs: readonly PanelRun[],
    range: TimeRange,
    from: DashboardHistory,
  ): Generator<void, unknown, void> {
    const panels: PanelAnswer[] = [];
    for (const run of runs) panels.push(yield* this.answer(run, range, from));
    return { panels, canAct: this.hasAuth };
  }

  private *answer(
    run: PanelRun,
    range: TimeRange,
    from: DashboardHistory,
  ): Generator<void, PanelAnswer, void> {
    const { id, title } = run.panel;
    const { content, problem, readAt } = run.outcome;
    const state = run.isRunning ? 'running' : problem === undefined ? 'ready' : 'failed';
    const head = {
      id,
      title,
      state,
      ...(problem !== undefined && { problem }),
      ...(readAt !== undefined && { readAt }),
    } as const;
    if (content === undefined) return head;
    const charts: PanelData[] = [];
    for (const chart of content.charts) charts.push(yield* this.chart(chart, range, from));
    const actions = content.actions.map(({ title: text, confirm }) => ({
      title: text,
      ...(confirm !== undefined && { confirm }),
    }));
    return { ...head, content: { ...content, charts, actions } };
  }

  private *chart(
    chart: ShownChart,
    range: TimeRange,
    from: DashboardHistory,
  ): Generator<void, PanelData, void> {
    const { title, help, omitted, times = [], series = [] } = chart;
    const head = { title, ...(help !== undefined && { help }) };
    if (chart.lines === undefined) {
      return { ...head, unit: chart.unit ?? 'number', times, series, omitted, thresholds: [], promQl: [] };
    }
    for (const { metric } of chart.lines) this.retention.retain(metric);
    const panel: Panel = {
      ...head,
      unit: chart.unit ?? this.unitOf(chart.lines[0]),
      queries: chart.lines.map((line) => this.queryOf(line)),
    };
    const data = yield* this.viewsOf(from).panel(panel, range);
    const { queries = [] } = chart;
    const all = queries.length === 0 ? data : yield* this.withQueries(data, queries, range, from);
    return omitted === 0 ? all : { ...all, omitted: all.omitted + omitted };
  }

  /** Adds the lines of queries in PromQL to a chart. */
  private *withQueries(
    data: PanelData,
    queries: readonly ShownPromqlLine[],
    range: TimeRange,
    from: DashboardHistory,
  ): Generator<void, PanelData, void> {
    const reader = new PromqlLines(this.history, from);
    for (const query of queries) for (const metric of reader.metricsOf(query)) this.retention.retain(metric);
    const times = data.times.length > 0 ? data.times : reader.timesOf(queries, range);
    const lines: Line[] = [];
    for (const query of queries) for (const line of yield* reader.read(query, times)) lines.push(line);
    const found = yield* highestLines([...data.series, ...lines]);
    return {
      ...data,
      times,
      series: found,
      omitted: data.omitted + data.series.length + lines.length - found.length,
      promQl: [...data.promQl, ...queries.map(({ promql }) => promql)],
    };
  }

  private queryOf(line: ShownLine): Query {
    const { metric, labels, groupBy, name, scale } = line;
    return {
      metric,
      compute: this.computationOf(line),
      groupBy,
      legend: name ?? (groupBy.length > 0 ? '' : metric),
      ...(labels !== undefined && { labels }),
      ...(scale !== undefined && { scale }),
    };
  }

  private computationOf({ metric, compute }: ShownLine): Computation {
    if (compute !== undefined) return compute;
    const type = this.history.typeOf(metric);
    if (type === 'histogram') return 'p95';
    return type === 'counter' ? 'rate' : 'value';
  }

  private unitOf(line: ShownLine | undefined): Unit {
    const type = line && this.history.typeOf(line.metric);
    if (line === undefined || type === undefined) return 'number';
    const unit = unitOfMetric(line.metric, type);
    const compute = this.computationOf(line);
    if (compute === 'rate of the sum') return unit === 'seconds' ? 'ratio' : unitOfRate(unit);
    return compute === 'rate' ? unitOfRate(type === 'histogram' ? 'number' : unit) : unit;
  }
}

const AREAS = new Set<unknown>(['now', 'routes', 'errors', 'dependencies', 'process', 'explore']);

/** @throws {ApiError} if the query names neither an area nor a page */
function placeOf(query: URLSearchParams): PanelPlace {
  const area = query.get('area');
  const page = query.get('page');
  if (area !== null && AREAS.has(area)) return { area: area as DashboardArea };
  if (area === null && page !== null) return { page };
  throw new ApiError(400, `Give \`area\` (${[...AREAS].join(', ')}) or \`page\`.`);
}
