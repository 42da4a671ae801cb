import type * as common from '@grafana/grafana-foundation-sdk/common';
import type * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import type * as heatmap from '@grafana/grafana-foundation-sdk/heatmap';
import type * as prometheus from '@grafana/grafana-foundation-sdk/prometheus';
import type * as stat from '@grafana/grafana-foundation-sdk/stat';
import type * as statetimeline from '@grafana/grafana-foundation-sdk/statetimeline';
import type * as table from '@grafana/grafana-foundation-sdk/table';
import type * as timeseries from '@grafana/grafana-foundation-sdk/timeseries';

type Fn = (...args: never) => unknown;

/** The JSON of a type of the SDK: enums are their values, methods are left out. */
type Json<T> = T extends string
  ? string extends T
    ? string
    : `${T}`
  : T extends number | boolean | null | undefined
    ? T
    : T extends readonly (infer Item)[]
      ? readonly Json<Item>[]
      : { readonly [Key in keyof T as T[Key] extends Fn ? never : Key]: Json<T[Key]> };

type Datasource = { readonly type: 'prometheus'; readonly uid: '${datasource}' };
type Target = Json<Omit<prometheus.Dataquery, 'datasource'>> & { readonly datasource: Datasource };

/** The properties of fields that are changed for some of them. */
type Property =
  | { readonly id: 'unit'; readonly value: string }
  | { readonly id: 'min' | 'decimals'; readonly value: number }
  | { readonly id: 'color'; readonly value: Json<dashboard.FieldColor> }
  | { readonly id: 'links'; readonly value: readonly Link[] }
  | { readonly id: 'thresholds'; readonly value: Json<dashboard.ThresholdsConfig> }
  | { readonly id: 'custom.cellOptions'; readonly value: Json<common.TableCellOptions> };

/** A link is never to be opened elsewhere. */
type Link = Json<Omit<dashboard.DashboardLink, 'placement'>>;

type Transformation =
  | { readonly id: 'merge'; readonly options: Record<string, never> }
  | {
      readonly id: 'organize';
      readonly options: {
        readonly excludeByName: Readonly<Record<string, boolean>>;
        readonly indexByName: Readonly<Record<string, number>>;
        readonly renameByName: Readonly<Record<string, string>>;
      };
    };

interface FieldConfigSource<Custom> {
  readonly defaults: Json<Omit<dashboard.FieldConfig, 'custom' | 'actions' | 'links'>> & {
    readonly custom?: Custom;
    readonly links?: readonly Link[];
  };
  readonly overrides?: readonly {
    readonly matcher: { readonly id: 'byName' | 'byRegexp'; readonly options: string };
    readonly properties: readonly Property[];
  }[];
}

type Excluded =
  | 'type'
  | 'targets'
  | 'datasource'
  | 'options'
  | 'fieldConfig'
  | 'transformations'
  | 'libraryPanel'
  | 'links';

type PanelOf<Type extends string, Options, Custom> = Json<Omit<dashboard.Panel, Excluded>> & {
  readonly type: Type;
  readonly datasource: Datasource;
  readonly targets: readonly Target[];
  readonly options?: Options;
  readonly fieldConfig?: FieldConfigSource<Custom>;
  readonly transformations?: readonly Transformation[];
};

type Panel =
  | PanelOf<'timeseries', Json<Partial<timeseries.Options>>, Json<Partial<timeseries.FieldConfig>>>
  | PanelOf<'stat', Json<stat.Options>, never>
  | PanelOf<'table', Json<table.Options>, Json<table.FieldConfig>>
  | PanelOf<'heatmap', Json<heatmap.Options>, Json<heatmap.FieldConfig>>
  | PanelOf<'state-timeline', Json<statetimeline.Options>, Json<statetimeline.FieldConfig>>
  | (Json<Omit<dashboard.RowPanel, 'datasource' | 'panels'>> & { readonly panels: readonly [] });

type Annotation = Json<
  Omit<dashboard.AnnotationQuery, 'target' | 'datasource' | 'placement' | 'mappings'>
> & {
  readonly datasource: Datasource;
  readonly target: Target;
};

type Variable = Json<Omit<dashboard.VariableModel, 'query' | 'datasource'>> & {
  readonly query: string;
  readonly datasource?: Datasource;
};

/** The JSON of a dashboard, as Grafana's schema and the kinds of panels in it have it. */
export type DashboardJson = Json<
  Omit<dashboard.Dashboard, 'panels' | 'annotations' | 'templating' | 'links' | 'snapshot'>
> & {
  /** Missing if there is none. */
  readonly panels?: readonly Panel[];
  readonly annotations: { readonly list: readonly Annotation[] };
  readonly templating: { readonly list: readonly Variable[] };
  readonly links: readonly Link[];
};
