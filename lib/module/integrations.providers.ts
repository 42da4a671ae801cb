import type { Provider } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { ApplicationObjects } from '../integrations/application-objects.integration.js';

/** How the libraries are found that the application uses. */
export const INTEGRATIONS_PROVIDERS: readonly Provider[] = [
  {
    provide: ApplicationObjects,
    inject: [ModulesContainer],
    useFactory: (modules: ModulesContainer) => new ApplicationObjects(modules),
  },
];
