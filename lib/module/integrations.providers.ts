import type { Provider } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { ApplicationObjects } from '../integrations/application-objects.integration.js';
import { CLIENT_QUERIES } from '../integrations/client-queries.js';

/** Providers that discover the libraries of the application. */
export const INTEGRATIONS_PROVIDERS: readonly Provider[] = [
  {
    provide: ApplicationObjects,
    inject: [ModulesContainer],
    useFactory: (modules: ModulesContainer) => new ApplicationObjects(modules, CLIENT_QUERIES),
  },
];
