import type { LogMessages } from '../../integrations/log-watch.js';
import type { LogLevelRules } from './log-level-rules.js';

/** The counts and the rules of one application, for what sees its log messages. */
export interface LogSink extends LogMessages {
  readonly rules: LogLevelRules;
  /** Called with the logger of the application, whose messages may come from a logger of a library. */
  found(logger: object): void;
}
