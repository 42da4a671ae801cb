import { type CallObserver, patchMethod } from '../../primitives/method-patch.js';
import type { LogMessages, WatchedLevel } from '../log-watch.js';
import { stopAll } from '../stop-all.js';
import { asJsonKeyOf, bindingsKeyOf, hasOwnLevel, type PinoLogger, writeKeyOf } from './pino.discovery.js';

/** The levels of pino by their names in Nest, and the other way round. */
const NEST_NAMES: Readonly<Record<string, string>> = { trace: 'verbose', info: 'log' };
const PINO_NAMES: Readonly<Record<string, string>> = { verbose: 'trace', log: 'info' };

/** The context among the bindings of a child, which are a part of a line of JSON. */
const BOUND_CONTEXT = /,"context":"((?:[^"\\]|\\.){0,200})"/g;

/**
 * Counts the lines of a logger and its children, and applies the levels that were changed at run time. A line is seen
 * where it is made: this function has returned before the line is written.
 */
export function watchPino(logger: PinoLogger, messages: LogMessages): WatchedLevel {
  const level = new PinoLevel(logger, messages);
  const { guard, rules } = messages;
  const contexts = new BoundContexts(bindingsKeyOf(logger));
  const gate = new PinoGate(logger, messages, level, contexts);
  const apply = (): void => {
    level.apply();
    gate.apply();
  };
  apply();
  const stop = stopAll([
    () => level.restore(),
    () => gate.open(),
    rules.onChange(() => guard.run(apply)),
    patchMethod(
      logger,
      asJsonKeyOf(logger) ?? '',
      guard,
      ([fields, , value], receiver) =>
        new MadeLine(messages, contexts, receiver as PinoLogger, fields, value),
    ),
  ]);
  return { stop, level: () => level.name };
}

/** Applies the levels that were changed at run time to a child with a level of its own. */
export function watchPinoLevel(child: PinoLogger, messages: LogMessages): WatchedLevel {
  const { guard, rules } = messages;
  const level = new PinoLevel(child, messages);
  level.apply();
  const stop = stopAll([() => level.restore(), rules.onChange(() => guard.run(() => level.apply()))]);
  return { stop, level: () => level.name };
}

/** A line that is being made. It counts once it is: a field whose getter throws makes the call of the application throw. */
class MadeLine implements CallObserver {
  constructor(
    private readonly messages: LogMessages,
    private readonly contexts: BoundContexts,
    private readonly child: PinoLogger,
    private readonly fields: unknown,
    private readonly value: unknown,
  ) {}

  returned(): void {
    const { child, contexts, fields, messages, value } = this;
    messages.record(nestNameOf(child, value), contextOf(fields) ?? contexts.of(child));
  }
}

/**
 * The messages that are dropped while a level is changed: those that a lowered logger would not print, and those below a
 * raised level. Without a change, there is no function of this library around the method that writes.
 */
class PinoGate {
  private remove: (() => void) | undefined;

  constructor(
    private readonly logger: PinoLogger,
    private readonly messages: LogMessages,
    private readonly level: PinoLevel,
    private readonly contexts: BoundContexts,
  ) {}

  apply(): void {
    const { logger, messages } = this;
    if (messages.rules.isEmpty) return this.open();
    this.remove ??= patchMethod(
      logger,
      writeKeyOf(logger) ?? '',
      messages.guard,
      ([fields, , value], receiver) =>
        this.prints(receiver as PinoLogger, fields, value) ? undefined : SKIPPED,
    );
  }

  open(): void {
    this.remove?.();
    this.remove = undefined;
  }

  private prints(child: PinoLogger, fields: unknown, value: unknown): boolean {
    const context = contextOf(fields) ?? this.contexts.of(child);
    return (
      this.messages.rules.prints(context, nestNameOf(child, value)) ??
      this.level.prints(child, value as number)
    );
  }
}

/** A message that is not written: not even an empty line, which a stream of the application may not expect. */
const SKIPPED = { isSkipped: true };

/** The values of the levels that loggers had before they were changed. */
const BEFORE = new WeakMap<object, number>();

/** The level of a logger, which is lowered while a rule asks for more than the logger prints. */
class PinoLevel {
  private before: string | undefined;
  private changedTo: string | undefined;

  constructor(
    private readonly logger: PinoLogger,
    private readonly messages: LogMessages,
  ) {}

  /** The level without a change, by its name in Nest. */
  get name(): string {
    const level = this.before ?? this.logger.level;
    return NEST_NAMES[level] ?? level;
  }

  apply(): void {
    this.restore();
    const { lowest } = this.messages.rules;
    if (lowest === undefined) return;
    const { logger } = this;
    // Another application has changed the level, and restores it.
    if (BEFORE.has(logger)) return;
    const name = PINO_NAMES[lowest] ?? lowest;
    const value = logger.levels.values[name];
    if (value === undefined || value >= logger.levelVal) return;
    this.before = logger.level;
    BEFORE.set(logger, logger.levelVal);
    logger.level = name;
    this.changedTo = name;
  }

  restore(): void {
    const { before, changedTo, logger } = this;
    if (before === undefined) return;
    this.before = undefined;
    BEFORE.delete(logger);
    // A level that the application has set meanwhile stays.
    if (logger.level === changedTo) logger.level = before;
  }

  /** Returns true if a logger would print a message without any rule. */
  prints(child: PinoLogger, value: number): boolean {
    let owner: object | null = child;
    while (owner !== null && !hasOwnLevel(owner)) owner = Object.getPrototypeOf(owner) as object | null;
    return value >= ((owner === null ? undefined : BEFORE.get(owner)) ?? child.levelVal);
  }
}

/** The contexts of children, read from their bindings once. */
class BoundContexts {
  private readonly known = new WeakMap<
    object,
    { readonly bindings: unknown; readonly context: string | undefined }
  >();

  constructor(private readonly key: symbol | undefined) {}

  of(logger: object): string | undefined {
    if (this.key === undefined) return undefined;
    const bindings: unknown = Reflect.get(logger, this.key);
    const known = this.known.get(logger);
    if (known !== undefined && known.bindings === bindings) return known.context;
    const context =
      typeof bindings === 'string' ? [...bindings.matchAll(BOUND_CONTEXT)].at(-1)?.[1] : undefined;
    this.known.set(logger, { bindings, context });
    return context;
  }
}

function nestNameOf(logger: PinoLogger, value: unknown): string {
  const label = logger.levels.labels[value as number] ?? 'other';
  return NEST_NAMES[label] ?? label;
}

function contextOf(fields: unknown): unknown {
  if (typeof fields !== 'object' || fields === null) return undefined;
  return Object.getOwnPropertyDescriptor(fields, 'context')?.value;
}
