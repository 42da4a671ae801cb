import { operationHref } from './address.js';
import { post, read } from './connection.js';
import {
  actionButton,
  badge,
  element,
  notice,
  patch,
  profileLink,
  sortableTable,
  stateBadge,
  suppressionOf,
} from './elements.js';
import { ago, clock, formatted, labelText } from './format.js';

const HOUR_MS = 3_600_000;

function alertColumns(page, canSilence) {
  const columns = [
    {
      title: 'State',
      value: (alert) =>
        `${{ firing: 2, pending: 1, resolved: 0 }[alert.state]}${suppressionOf(alert) === undefined ? 1 : 0}${severityRank(alert.severity)}`,
      text: (alert) => stateBadge(alert),
    },
    {
      title: 'Severity',
      value: ({ severity }) => severityRank(severity),
      text: ({ severity }) => badge(severity),
    },
    { title: 'Alert', value: ({ rule }) => rule, text: ({ rule }) => name(rule) },
    {
      title: 'Message',
      value: ({ message }) => message,
      text: ({ message, cause, operation, profiles }) =>
        element(
          'span',
          {},
          message,
          cause && element('small', { class: 'cause' }, cause),
          proofLinks(operation, profiles),
        ),
    },
    {
      title: 'Labels',
      value: ({ labels }) => labelText(labels),
      text: ({ labels }) => (Object.keys(labels).length === 0 ? '' : element('code', {}, labelText(labels))),
    },
    { title: 'Value', number: true, value: ({ value }) => value, text: ({ value }) => formatted(value) },
    { title: 'Since', value: ({ since }) => since, text: ({ since }) => ago(since) },
  ];
  if (!canSilence) return columns;
  return [...columns, { title: 'Actions', value: () => '', text: (alert) => silenceButtons(page, alert) }];
}

/** Returns links to the records of an operation and to profiles; undefined if there are none. */
function proofLinks(operation, profiles = 0) {
  const links = [
    operation !== undefined && element('a', { href: operationHref(operation) }, `Open ${operation}`),
    profiles > 0 && profileLink(profiles),
  ].filter(Boolean);
  return links.length === 0 ? undefined : element('span', { class: 'row' }, ...links);
}

function severityRank(severity) {
  return ['info', 'warning', 'critical'].indexOf(severity);
}

/** Returns a name that does not wrap. */
function name(text) {
  return element('span', { class: 'name' }, text);
}

function silenceButtons(page, { id, silencedBy, state }) {
  const button = (text, act) =>
    actionButton(text, async () => {
      await act();
      await page.refresh();
    });
  if (silencedBy) return button('Expire silence', () => post('unsilence', { silence: silencedBy }));
  if (state === 'resolved') return '';
  return element(
    'span',
    { class: 'row' },
    button('Acknowledge for 1 h', () =>
      post('silence', { alert: id, durationMs: HOUR_MS, comment: 'Acknowledged' }),
    ),
    button('Silence for 4 h', () =>
      post('silence', { alert: id, durationMs: 4 * HOUR_MS, comment: 'Silenced' }),
    ),
  );
}

const RULE_COLUMNS = [
  { title: 'State', value: ({ state }) => state, text: ({ state }) => badge(state) },
  { title: 'Rule', value: (rule) => rule.name, text: (rule) => name(rule.name) },
  { title: 'Severity', value: ({ severity }) => severity, text: ({ severity }) => badge(severity) },
  {
    title: 'Expression',
    value: ({ expression }) => expression,
    text: ({ expression }) => element('code', {}, expression),
  },
  {
    title: 'Evaluation',
    value: ({ health }) => health,
    text: ({ health, error }) => (error ? element('span', { class: 'error' }, error) : health),
  },
];

const SILENCE_COLUMNS = [
  {
    title: 'Matchers',
    value: ({ matchers }) => matchers,
    text: ({ matchers }) => element('code', {}, matchers),
  },
  { title: 'Comment', value: ({ comment }) => comment },
  { title: 'Created by', value: ({ createdBy }) => createdBy },
  { title: 'Ends at', value: ({ endsAt }) => endsAt, text: ({ endsAt }) => clock(endsAt) },
];

/** The view of the alerts, the alert rules and the silences. */
export const alertsView = {
  async load(page) {
    const { alerts, rules, silences, canSilence } = await read('alerts');
    return () => {
      page.memory.set('shown', true);
      if (rules.length === 0) {
        patch(
          page.main,
          element('h1', {}, 'Alerts'),
          notice(
            'No alert rules',
            'Define rules in the option alerting.rules, or with AlertingMonitor.addAlertRule().',
          ),
        );
        return;
      }
      patch(
        page.main,
        element('h1', {}, 'Alerts'),
        sortableTable(alertColumns(page, canSilence), {
          rows: alerts,
          caption: 'Firing, pending and recently resolved alerts',
          sortBy: 'State',
          empty: 'No alerts.',
          rowKey: ({ id }) => id,
          isSubdued: (alert) => suppressionOf(alert) !== undefined,
          remember: page.sorting,
        }),
        sortableTable(RULE_COLUMNS, {
          rows: rules,
          caption: 'Alert rules',
          sortBy: 'Rule',
          rowKey: (rule) => `${rule.name} ${rule.severity}`,
          descending: false,
          remember: page.sorting,
        }),
        ...(silences.length === 0
          ? []
          : [
              sortableTable(SILENCE_COLUMNS, {
                rows: silences,
                caption: 'Silences',
                remember: page.sorting,
                rowKey: ({ id }) => id,
              }),
            ]),
        ...(canSilence
          ? []
          : [
              element(
                'p',
                { class: 'empty' },
                'Set endpoints.auth to silence and acknowledge alerts from the dashboard.',
              ),
            ]),
      );
    };
  },
};
