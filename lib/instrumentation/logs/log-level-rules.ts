import { isAtLeast, LOG_LEVELS, type MessageLevel } from './message-level.js';

/** The levels that were changed at run time: that of a context, or of all contexts without one of their own. */
export class LogLevelRules {
  private readonly levels = new Map<string | undefined, MessageLevel>();
  private readonly listeners = new Set<() => void>();

  get isEmpty(): boolean {
    return this.levels.size === 0;
  }

  /** The least important level of all rules; undefined without a rule. */
  get lowest(): MessageLevel | undefined {
    const levels = new Set(this.levels.values());
    return LOG_LEVELS.find((level) => levels.has(level));
  }

  /** @param context undefined for all contexts without a rule of their own */
  set(context: string | undefined, level: MessageLevel): void {
    this.levels.set(context, level);
    this.notify();
  }

  delete(context: string | undefined): void {
    if (this.levels.delete(context)) this.notify();
  }

  clear(): void {
    if (this.isEmpty) return;
    this.levels.clear();
    this.notify();
  }

  /** Returns true if messages of a level may be printed for some context. */
  mayPrint(level: string): boolean {
    const { lowest } = this;
    return lowest !== undefined && isAtLeast(level, lowest) === true;
  }

  /** Returns true if the rule of a context prints a message; undefined if there is no rule for it. */
  prints(context: unknown, level: string): boolean | undefined {
    if (this.isEmpty) return undefined;
    const own = typeof context === 'string' ? this.levels.get(context) : undefined;
    const limit = own ?? this.levels.get(undefined);
    return limit === undefined ? undefined : isAtLeast(level, limit);
  }

  /** Calls a listener after each change. Returns a function that ends it. */
  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private notify(): void {
    for (const listener of this.listeners) listener();
  }
}
