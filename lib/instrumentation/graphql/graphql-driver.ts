/** The part of the container of modules that is used. */
type Modules = ReadonlyMap<
  unknown,
  { readonly providers: ReadonlyMap<unknown, { readonly instance: unknown }> }
>;

/** Returns the providers of the drivers of `@nestjs/graphql`, one for each `GraphQLModule`. */
export function graphQLDrivers(modules: Modules): { readonly instance: unknown }[] {
  return [...modules.values()].flatMap(({ providers }) =>
    [...providers].flatMap(([token, provider]) => (isDriver(token) ? [provider] : [])),
  );
}

/** Returns true if the application has a `GraphQLModule`. */
export function hasGraphQL(modules: Modules): boolean {
  return [...modules.values()].some(({ providers }) => [...providers.keys()].some(isDriver));
}

function isDriver(token: unknown): boolean {
  return typeof token === 'function' && token.name === 'AbstractGraphQLDriver';
}
