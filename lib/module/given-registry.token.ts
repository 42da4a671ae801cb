/** Injection token of a registry that replaces the default one, for tests. */
export const GIVEN_REGISTRY = Symbol('monitoring.givenRegistry');
