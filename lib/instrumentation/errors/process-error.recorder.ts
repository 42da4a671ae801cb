import type { Counter } from '../../metrics/counter.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import { ErrorClasses } from '../error-class.js';
import { BoundedLabelValues } from '../../primitives/bounded-label-values.js';

/** The format of names and codes of warnings. Other values may be arbitrary text. */
const WARNING_TEXT = /^[\w.-]+$/;
const MAX_WARNINGS = 50;

/** The metrics of uncaught exceptions, unhandled rejections and warnings of the process. */
export class ProcessErrorRecorder {
  private readonly exceptions: Counter<'error'>;
  private readonly rejections: Counter<'error'>;
  private readonly warnings: Counter<'warning' | 'code'>;
  private readonly errorClasses = new ErrorClasses();
  private readonly warningNames = new BoundedLabelValues(MAX_WARNINGS);
  private readonly warningCodes = new BoundedLabelValues(MAX_WARNINGS);

  constructor(private readonly registry: MetricsRegistry) {
    this.exceptions = registry.counter(
      'process_uncaught_exceptions_total',
      'Uncaught exceptions of the process, by class of error.',
      { labelNames: ['error'] },
    );
    this.rejections = registry.counter(
      'process_unhandled_rejections_total',
      'Unhandled promise rejections of the process, by class of error.',
      { labelNames: ['error'] },
    );
    this.warnings = registry.counter(
      'process_warnings_total',
      'Warnings of the process, by name and code, such as DeprecationWarning and DEP0005.',
      { labelNames: ['warning', 'code'] },
    );
  }

  /** Counts an uncaught exception. */
  countException(error: unknown): void {
    this.exceptions.inc({ error: this.errorClasses.of(error) });
    this.registry.errors?.observe(error, 'process', 'uncaughtException', { isUnhandled: true });
  }

  /** Counts an unhandled rejection. */
  countRejection(reason: unknown): void {
    this.rejections.inc({ error: this.errorClasses.of(reason) });
    this.registry.errors?.observe(reason, 'process', 'unhandledRejection', { isUnhandled: true });
  }

  /** Counts a warning. */
  countWarning(warning: { readonly name?: unknown; readonly code?: unknown }): void {
    this.warnings.inc({
      warning: this.warningNames.of(warningName(warning)),
      code: this.warningCodes.of(labelOf(warning.code, 'none')),
    });
    this.registry.errors?.observe(warning, 'warning', 'warning');
  }
}

/** Returns the name of a warning of the process; `unknown` for one that may be arbitrary text. */
export function warningName(warning: unknown): string {
  return labelOf((warning as { readonly name?: unknown } | null | undefined)?.name, 'unknown');
}

function labelOf(value: unknown, absent: string): string {
  if (value === undefined || value === null || value === '') return absent;
  return typeof value === 'string' && WARNING_TEXT.test(value) ? value : 'unknown';
}
