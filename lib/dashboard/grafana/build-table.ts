import { queriesOf, query, type TablePanel } from './grafana-dashboard.js';
import type { PanelFactory } from './build-panel.js';
import type { GrafanaSdk } from './grafana-sdk.js';
import { labelOf, type Naming } from './naming.js';

/** Returns a table whose columns are instant queries, joined by their labels. */
export function tableOf(panel: TablePanel, factory: PanelFactory, sdk: GrafanaSdk, naming: Naming) {
  const { common, prometheus, table } = sdk;
  const [first] = panel.columns;
  const queries = queriesOf(panel);
  const labels = Object.entries(panel.labels).map(([label, title]) => ({
    name: labelOf(label, first?.expr ?? '', naming),
    title,
  }));
  const values = panel.columns.map(({ title }, i) => ({ name: valueField(i, panel.columns.length), title }));
  const fields = [...labels, ...values];
  const builder = new table.PanelBuilder()
    .filterable(true)
    .withTransformation({ id: 'merge', options: {} })
    .withTransformation({
      id: 'organize',
      options: {
        excludeByName: { Time: true },
        indexByName: Object.fromEntries(fields.map(({ name }, i) => [name, i])),
        renameByName: Object.fromEntries(fields.map(({ name, title }) => [name, title])),
      },
    });
  if (first !== undefined) {
    builder.sortBy([new common.TableSortByFieldStateBuilder().displayName(first.title).desc(true)]);
  }
  const links = factory.links(panel, '__data.fields').map((link) => link.build());
  const [label] = labels;
  if (label !== undefined && links.length > 0) {
    builder.overrideByName(titleOfLinks(panel) ?? label.title, [{ id: 'links', value: links }]);
  }
  panel.columns.forEach(({ title, unit, thresholds, expr }, i) => {
    builder.withTarget(
      factory
        .query(queries[i] ?? query(expr, ''), i)
        .format(prometheus.PromQueryFormat.Table)
        .instant(),
    );
    builder.overrideByName(title, [
      { id: 'unit', value: unit },
      { id: 'min', value: 0 },
      // Counts are extrapolated to the time range, so that they have a fraction.
      ...(unit === 'short' ? [{ id: 'decimals', value: 0 }] : []),
      ...(thresholds === undefined
        ? []
        : [
            { id: 'thresholds', value: factory.thresholds(thresholds).build() },
            { id: 'custom.cellOptions', value: { type: common.TableCellDisplayMode.ColorText } },
          ]),
    ]);
  });
  return builder;
}

/** Returns the title of the column whose label the links pass on. */
function titleOfLinks({ links = [], labels }: TablePanel): string | undefined {
  const route = links.find((link) => link.route !== undefined)?.route;
  return route === undefined ? undefined : labels[route];
}

/** Returns the name that Grafana gives to the value of a query. */
function valueField(at: number, count: number): string {
  return count === 1 ? 'Value' : `Value #${'ABCDEFGHIJKLMNOPQRSTUVWXYZ'[at] ?? `A${at}`}`;
}
