import type { Counter } from '../../metrics/counter.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import { errorClass } from '../error-class.js';
import { LabelValues } from '../../primitives/label-values.js';

/** Names and codes of warnings look like this; anything else is data. */
const WARNING_TEXT = /^[\w.-]{1,64}$/;
const MAX_WARNINGS = 50;

/** Counts what goes wrong in the process, whoever it is that did it. */
export class ProcessErrorRecorder {
  private readonly exceptions: Counter<'error'>;
  private readonly rejections: Counter<'error'>;
  private readonly warnings: Counter<'warning' | 'code'>;
  private readonly warningNames = new LabelValues(MAX_WARNINGS);
  private readonly warningCodes = new LabelValues(MAX_WARNINGS);

  constructor(registry: MetricsRegistry) {
    this.exceptions = registry.counter(
      'process_uncaught_exceptions_total',
      'Exceptions that nothing in the process caught, by class of error.',
      { labelNames: ['error'] },
    );
    this.rejections = registry.counter(
      'process_unhandled_rejections_total',
      'Rejected promises of the process that nothing handled, by class of error.',
      { labelNames: ['error'] },
    );
    this.warnings = registry.counter(
      'process_warnings_total',
      'Warnings of the process, by name and code, such as DeprecationWarning and DEP0005.',
      { labelNames: ['warning', 'code'] },
    );
  }

  uncaught(error: unknown): void {
    this.exceptions.inc({ error: errorClass(error) });
  }

  unhandled(reason: unknown): void {
    this.rejections.inc({ error: errorClass(reason) });
  }

  warned(warning: { readonly name?: unknown; readonly code?: unknown }): void {
    const { name, code } = warning;
    this.warnings.inc({
      warning: this.warningNames.of(textOf(name, 'unknown')),
      code: this.warningCodes.of(textOf(code, 'none')),
    });
  }
}

function textOf(value: unknown, absent: string): string {
  if (value === undefined || value === null || value === '') return absent;
  return typeof value === 'string' && WARNING_TEXT.test(value) ? value : 'unknown';
}
