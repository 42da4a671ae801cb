/** A logger that was found, and the least important level that it prints. */
export interface LoggerLevel {
  readonly logger: 'nest' | 'pino' | 'winston' | 'other';
  /** The name of the level in Nest, or in the library; undefined if the logger has none that can be read. */
  readonly level?: string;
}
