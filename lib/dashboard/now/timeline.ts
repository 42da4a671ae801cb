import type { Alert, AlertEvent } from '../../alerting/alert.js';
import type { HealthTransition } from '../../health/health-report.js';
import { boundedLabelValue } from '../../primitives/bounded-label-values.js';
import type { DashboardInstance } from '../dashboard-instance.js';

/** An event that explains a change of the figures. */
export interface TimelineEvent {
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  readonly kind: 'start' | 'deployment' | 'exit' | 'alert' | 'health';
  readonly severity: 'info' | 'warning' | 'critical' | 'ok';
  /** The event in a sentence without a period. */
  readonly text: string;
}

/** The end of the process before this one, as far as a timeline shows it. */
export interface PreviousExit {
  readonly isClean: boolean;
  readonly details: string;
  readonly time?: number;
  readonly version?: string;
}

/** The sources of the events of a timeline. */
export interface TimelineSources {
  readonly instance: DashboardInstance;
  /** Version of the application, if it is known. */
  readonly version?: string;
  readonly lastExit: { get(): PreviousExit | undefined };
  readonly alerting: {
    /** The alerts that were restored after a restart are among them. */
    alerts(): readonly Alert[];
    subscribe(listener: (event: AlertEvent) => void): () => void;
  };
  readonly health: { onTransition(handler: (transition: HealthTransition) => void): () => void };
}

/** The number of events that are kept; the oldest are dropped first. */
const MAX_EVENTS = 50;
/** The longest text of an event, in UTF-16 code units. */
const MAX_TEXT = 200;

/** The last events of the application: its start, a deployment, how it ended before, alerts and health changes. */
export class Timeline {
  private readonly noted: TimelineEvent[] = [];
  private unsubscribe: readonly (() => void)[] = [];

  constructor(private readonly sources: TimelineSources) {}

  start(): void {
    const { alerting, health } = this.sources;
    for (const alert of alerting.alerts()) this.noteRestored(alert);
    this.unsubscribe = [
      alerting.subscribe((event) => this.noteAlert(event)),
      health.onTransition((transition) => this.noteHealth(transition)),
    ];
  }

  stop(): void {
    for (const end of this.unsubscribe) end();
    this.unsubscribe = [];
  }

  /** Returns the events, oldest first. */
  events(): TimelineEvent[] {
    return [...this.beginnings(), ...this.noted].toSorted((a, b) => a.at - b.at);
  }

  private beginnings(): TimelineEvent[] {
    const { instance, version, lastExit } = this.sources;
    const before = lastExit.get();
    const isDeployed =
      version !== undefined &&
      before?.version !== undefined &&
      before.version !== '' &&
      before.version !== version;
    const started: TimelineEvent = {
      at: instance.startedAt,
      kind: isDeployed ? 'deployment' : 'start',
      severity: 'info',
      text: isDeployed
        ? `Version ${version} deployed, before it was ${before.version}`
        : `Started${version === undefined || version === '' ? '' : `, version ${version}`}`,
    };
    if (before?.time === undefined) return [started];
    const { time, isClean, details } = before;
    return [
      { at: time, kind: 'exit', severity: isClean ? 'info' : 'critical', text: shortened(details) },
      started,
    ];
  }

  private noteRestored({ state, rule, firedAt, severity }: Alert): void {
    if (state !== 'firing' || firedAt === undefined) return;
    this.note({ at: firedAt, kind: 'alert', severity: levelOf(severity), text: `${rule} fires` });
  }

  private noteAlert({ type, alert, timestamp }: AlertEvent): void {
    if (type !== 'firing' && type !== 'resolved') return;
    const { rule, severity, message } = alert;
    this.note({
      at: timestamp,
      kind: 'alert',
      severity: type === 'firing' ? levelOf(severity) : 'ok',
      text: type === 'firing' ? `${rule} fires: ${message}` : `${rule} is resolved`,
    });
  }

  private noteHealth({ check, from, to, timestamp, result }: HealthTransition): void {
    if (from === to) return;
    const severity = to === 'healthy' ? 'ok' : to === 'degraded' ? 'warning' : 'critical';
    const reason = to === 'healthy' ? '' : `: ${result.message}`;
    this.note({
      at: Date.parse(timestamp),
      kind: 'health',
      severity,
      text: `Health check ${check} is ${to}${reason}`,
    });
  }

  private note(event: TimelineEvent): void {
    this.noted.push({ ...event, text: shortened(event.text) });
    if (this.noted.length > MAX_EVENTS) this.noted.shift();
  }
}

function levelOf(severity: string): TimelineEvent['severity'] {
  return severity === 'critical' ? 'critical' : severity === 'warning' ? 'warning' : 'info';
}

function shortened(text: string): string {
  return boundedLabelValue(text, MAX_TEXT);
}
