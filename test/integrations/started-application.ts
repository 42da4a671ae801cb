import { type DynamicModule, type INestApplication, Module } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { ApplicationObjects } from '../../lib/integrations/application-objects.integration.js';

/** Starts an application without monitoring, and returns it with its objects. */
export async function startedApplication(
  definition: Omit<DynamicModule, 'module'>,
): Promise<{ app: INestApplication; objects: ApplicationObjects }> {
  @Module({})
  class AppModule {}
  const testing = await Test.createTestingModule({
    imports: [{ module: AppModule, ...definition }],
  }).compile();
  const app: INestApplication = await testing.createNestApplication({ logger: false }).init();
  return { app, objects: new ApplicationObjects(app.get(ModulesContainer)) };
}
