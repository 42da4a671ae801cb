import type { Provider } from '@nestjs/common';
import type { LazilyLoaded } from './lazily-loaded.token.js';
import type { ResolvedOptions } from './monitoring.options.js';
import { RESOLVED_OPTIONS } from './resolved-options.token.js';

/** The injection tokens of parts, by the names that a factory gives them. */
type Tokens = Readonly<Record<string, (abstract new (...args: never[]) => unknown) | LazilyLoaded<unknown>>>;

/** The parts behind tokens, by the same names; null for one that is off. */
type Parts<Given extends Tokens> = {
  readonly [Name in keyof Given]: Given[Name] extends abstract new (...args: never[]) => infer Part
    ? Part
    : Given[Name] extends LazilyLoaded<infer Part>
      ? Part | null
      : never;
};

/** Returns a provider whose factory gets its parts by name, and the options. */
export function providerOf<Given extends Tokens>(
  provide: symbol,
  tokens: Given,
  factory: (parts: Parts<Given>, options: ResolvedOptions) => unknown,
): Provider {
  const names = Object.keys(tokens);
  return {
    provide,
    inject: [RESOLVED_OPTIONS, ...Object.values(tokens)],
    useFactory: (options: ResolvedOptions, ...instances: unknown[]) =>
      factory(Object.fromEntries(names.map((name, i) => [name, instances[i]])) as Parts<Given>, options),
  };
}
