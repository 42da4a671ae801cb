import type { Counter } from '../../metrics/counter.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import { BoundedLabelValues } from '../../primitives/bounded-label-values.js';

/** Length limit of a context, in UTF-16 code units. The name of a class is shorter. */
const MAX_LENGTH = 64;

/** Number of levels: those of Nest, and some of an application's own. */
const MAX_LEVELS = 20;

/** Values that no name of a class, a module or a part has, and that may be a message or data of a request. */
const NOT_A_NAME = /[\s@?=&"'`{}<>]|[^\x20-\x7e]|\d{4}|^[\da-f-]{8,}$/i;

/** The log messages that are printed, by level and context. */
export class LogMessageRecorder {
  private readonly messages: Counter<'level' | 'context'>;
  private readonly levels = new BoundedLabelValues(MAX_LEVELS);
  private readonly contexts: BoundedLabelValues;

  /** @param maxContexts number of distinct contexts */
  constructor(registry: MetricsRegistry, maxContexts: number) {
    this.messages = registry.counter(
      'log_messages_total',
      'Log messages that were printed, by level and context.',
      { labelNames: ['level', 'context'] },
    );
    this.contexts = new BoundedLabelValues(maxContexts);
  }

  /** @param context name of the part of the application that logs; any other value counts as `other` */
  record(level: string, context: unknown): void {
    this.messages.inc({ level: this.levels.of(level), context: this.contexts.of(contextName(context)) });
  }

  /** Returns the contexts that have logged, in alphabetical order. */
  contextNames(): string[] {
    return [...this.contexts.values()].filter((context) => context !== '').toSorted();
  }
}

/** Returns the context as a label value: empty without a context, and `other` for what is no name. */
export function contextName(context: unknown): string {
  if (context === undefined || context === null || context === '') return '';
  if (typeof context !== 'string' || context.length > MAX_LENGTH || NOT_A_NAME.test(context)) return 'other';
  return context;
}
