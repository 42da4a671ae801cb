import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type CanActivate, HttpException } from '@nestjs/common';
import { EMPTY, NEVER, of, throwError } from 'rxjs';
import { FixtureModule, WITHOUT_COLLECTORS } from '../e2e/fixture/fixture.module.js';
import { ADAPTERS, type RunningApp, startApp } from '../e2e/fixture/start-app.js';

type Answer = CanActivate['canActivate'];

const throwing =
  (error: unknown): Answer =>
  () => {
    throw error;
  };

const GUARDS: readonly [name: string, answer: Answer, status: number][] = [
  ['allows', () => true, 200],
  ['allows by an Observable that goes on', () => of(true, NEVER) as never, 200],
  ['answers a truthy value that is not true', () => 'yes' as never, 403],
  ['answers nothing', () => undefined as never, 403],
  ['throws 401', throwing(new HttpException('no', 401)), 401],
  ['throws 418', throwing(new HttpException('no', 418)), 418],
  ['throws a status beyond HTTP', throwing(new HttpException('no', 9_999)), 500],
  ['throws a status of no error', throwing(new HttpException('no', 200)), 500],
  ['throws a redirect', throwing(new HttpException('no', 302)), 500],
  ['throws an interim status', throwing(new HttpException('no', 103)), 500],
  ['throws NaN as a status', throwing(new HttpException('no', NaN)), 500],
  ['throws a text as a status', throwing(new HttpException('no', '401; drop' as never)), 500],
  ['throws a message with control characters', throwing(new HttpException('a\r\nset-cookie: b', 403)), 403],
  ['throws undefined', throwing(undefined), 500],
  ['throws an object that cannot be read', throwing(Object.create(null)), 500],
  ['rejects', async () => Promise.reject(new Error('no')), 500],
  ['answers an Observable that fails', () => throwError(() => new HttpException('no', 403)), 403],
  ['answers an empty Observable', () => EMPTY, 500],
];

describe.each(ADAPTERS)('the metrics behind a guard of the application on %s', (adapter) => {
  let app: RunningApp;
  let answer: Answer;

  beforeAll(async () => {
    const guard: CanActivate = { canActivate: (context) => answer(context) };
    app = await startApp(
      adapter,
      FixtureModule.with({ ...WITHOUT_COLLECTORS, endpoints: { auth: { guard } } }),
    );
  });
  afterAll(() => app.close());

  it.each(GUARDS)('that %s gets a reply', async (_, given, status) => {
    answer = given;
    const response = await app.get('/metrics');
    expect(response.status).toBe(status);
    expect(response.headers).not.toHaveProperty('set-cookie');
  });
});
