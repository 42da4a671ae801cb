import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Injectable, Module, type Type } from '@nestjs/common';
import { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import { MonitoringModule } from 'nestjs-monitoring';
import { ProcessInfo, StartupTimes } from 'nestjs-monitoring/diagnostics';
import { moduleGraph } from '../../../lib/diagnostics/process-info/module-graph.js';
import { routeList } from '../../../lib/diagnostics/process-info/route-list.integration.js';
import { WITHOUT_COLLECTORS } from '../../e2e/fixture/fixture.module.js';
import { type RunningApp, startApp } from '../../e2e/fixture/start-app.js';
import { eventually } from '../../support/eventually.js';

const CONTROLLERS = 250;
const ROUTES_OF_EACH = 20;
const MODULES = 600;
const PROVIDERS = 2_000;

function controllerOf(index: number, routes = ROUTES_OF_EACH): Type {
  class BigController {}
  for (let i = 0; i < routes; i++) {
    const handler = `route${i}`;
    Object.defineProperty(BigController.prototype, handler, { value: () => i });
    const descriptor = Object.getOwnPropertyDescriptor(BigController.prototype, handler)!;
    Get(handler)(BigController.prototype, handler, descriptor);
  }
  Controller(`big-${index}`)(BigController);
  return BigController;
}

function providerOf(): Type {
  class BigProvider {}
  Injectable()(BigProvider);
  return BigProvider;
}

function moduleOf(): Type {
  class BigModule {}
  Module({})(BigModule);
  return BigModule;
}

let app: RunningApp | undefined;

beforeAll(async () => {
  @Module({
    imports: [
      MonitoringModule.forRoot({ ...WITHOUT_COLLECTORS }),
      ...Array.from({ length: MODULES }, moduleOf),
    ],
    controllers: Array.from({ length: CONTROLLERS }, (_, index) => controllerOf(index)),
    providers: Array.from({ length: PROVIDERS }, providerOf),
  })
  class AppModule {}
  app = await startApp('express', AppModule);
}, 120_000);

afterAll(() => app?.close());

/** Runs work to its end, and returns the times of its steps in milliseconds, the longest first. */
function stepsOf(work: Generator<void, unknown, void>): number[] {
  const steps: number[] = [];
  for (;;) {
    const before = performance.now();
    const { done } = work.next();
    steps.push(performance.now() - before);
    if (done) return steps.toSorted((a, b) => b - a);
  }
}

describe('an application of 5 000 routes, 2 000 providers and 600 modules', () => {
  it('is read in small steps', () => {
    const modules = app!.app.get(ModulesContainer);
    const routes = stepsOf(routeList(modules, app!.app.get(ApplicationConfig)));
    const graph = stepsOf(moduleGraph([...modules.values()], 500));
    if (process.env['SHOW_TIMES']) console.log(routes.slice(0, 3), graph.slice(0, 3));
    expect(routes.length).toBeGreaterThan(CONTROLLERS * ROUTES_OF_EACH);
    expect(graph.length).toBeGreaterThan(MODULES);
  });

  it('is read in small steps, too, if all routes are those of one controller', () => {
    const wrapper = { metatype: controllerOf(0, CONTROLLERS * ROUTES_OF_EACH), instance: undefined };
    const module = { name: 'AppModule', metatype: wrapper.metatype, controllers: new Map([[0, wrapper]]) };
    const modules = new Map([['AppModule', module]]) as unknown as ModulesContainer;
    const routes = stepsOf(routeList(modules, app!.app.get(ApplicationConfig)));
    if (process.env['SHOW_TIMES']) console.log(routes.slice(0, 3));
    expect(routes.length).toBeGreaterThan(2 * CONTROLLERS * ROUTES_OF_EACH);
  });

  it('has a report that is bounded, and computed once for requests at about the same time', async () => {
    const info = app!.app.get(ProcessInfo);
    const [first, second] = await Promise.all([info.report(), info.report()]);
    expect(second).toBe(first);
    expect(first!.routes).toHaveLength(2_000);
    expect(first!.omitted.routes).toBe(CONTROLLERS * ROUTES_OF_EACH - 2_000);
    expect(first!.modules).toHaveLength(500);
    expect(first!.omitted.modules).toBeGreaterThanOrEqual(MODULES - 500);
    const before = performance.now();
    const { length } = JSON.stringify(first);
    if (process.env['SHOW_TIMES']) console.log(length, performance.now() - before);
    expect(length).toBeLessThan(2_000_000);
  });

  it('has bounded times of its start', async () => {
    await eventually(() => expect(app!.app.get(StartupTimes).report()).toBeDefined());
    const { steps, modules, omitted, tree } = app!.app.get(StartupTimes).report()!;
    expect(steps).toHaveLength(300);
    expect(modules.length).toBeLessThanOrEqual(200);
    expect(omitted.steps).toBeGreaterThan(PROVIDERS - 300);
    expect(JSON.stringify(tree).length).toBeLessThan(200_000);
  });
});
