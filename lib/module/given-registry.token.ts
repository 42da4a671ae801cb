/** The registry that takes the place of the one that would be made; a test may provide it. */
export const GIVEN_REGISTRY = Symbol('monitoring.givenRegistry');
