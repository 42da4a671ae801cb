import { afterEach, describe, expect, it } from '@jest/globals';
import {
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  type INestApplication,
  Injectable,
  type Type,
  UseGuards,
} from '@nestjs/common';
import {
  ClientProxyFactory,
  MessagePattern,
  type MicroserviceOptions,
  Transport,
} from '@nestjs/microservices';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { lastValueFrom } from 'rxjs';
import { io } from 'socket.io-client';
import { MetricsRegistry } from 'nestjs-monitoring';
import { FixtureModule, WITHOUT_COLLECTORS } from '../../e2e/fixture/fixture.module.js';
import { ADAPTERS, createApp, eventually, RunningApp } from '../../e2e/fixture/start-app.js';
import { freePort } from '../../services/support/free-port.js';
import { counts } from '../support.js';

const seen: { readonly handler: unknown; readonly type: unknown }[] = [];

/** Takes note of the handler and the class that a guard of the application is shown. */
@Injectable()
class SeeingGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    seen.push({ handler: context.getHandler(), type: context.getClass() });
    return true;
  }
}

/** Puts a function without a name, but with a property of its own, in the place of a method, as libraries do. */
function Replaced(tag: string): MethodDecorator {
  return (_target, _key, descriptor) => {
    const original = descriptor.value as unknown as (...args: unknown[]) => unknown;
    const replacement = Object.assign(
      function (this: unknown, ...args: unknown[]) {
        return Reflect.apply(original, this, args);
      },
      { tag },
    );
    for (const key of Reflect.getMetadataKeys(original)) {
      Reflect.defineMetadata(key, Reflect.getMetadata(key, original), replacement);
    }
    descriptor.value = replacement as never;
  };
}

@Controller()
@UseGuards(SeeingGuard)
class BaseController {
  @MessagePattern('inherited')
  inherited(): string {
    return 'inherited';
  }
}

@Controller()
@UseGuards(SeeingGuard)
class HandlersController extends BaseController {
  readonly #secret = 'mine';

  @MessagePattern('plain')
  plain(): string {
    return 'plain';
  }

  @MessagePattern('private')
  private(): string {
    return this.#secret;
  }

  @Replaced('by a library')
  @MessagePattern('replaced')
  replaced(): string {
    return 'replaced';
  }

  @Get('both')
  @MessagePattern('both')
  both(): string {
    return 'both';
  }

  @MessagePattern('throws')
  throws(): never {
    throw new RangeError('as planned');
  }

  @Get('throws')
  @MessagePattern('throws-too')
  throwsToo(): never {
    throw new RangeError('as planned');
  }
}

@WebSocketGateway()
@UseGuards(SeeingGuard)
class HandlersGateway {
  readonly #secret = 'mine';

  @SubscribeMessage('plain')
  plain(): string {
    return 'plain';
  }

  @SubscribeMessage('private')
  private(): string {
    return this.#secret;
  }

  @Replaced('by a library')
  @SubscribeMessage('replaced')
  replaced(): string {
    return 'replaced';
  }
}

const NAMES = ['plain', 'private', 'replaced'] as const;

const closing: (() => unknown)[] = [];

afterEach(async () => {
  seen.length = 0;
  for (const close of closing.splice(0).toReversed()) await close();
});

async function start(
  adapter: (typeof ADAPTERS)[number],
  more: { readonly controllers?: Type[]; readonly providers?: Type[] },
): Promise<{ app: INestApplication; send: (pattern: string) => Promise<unknown> }> {
  const app = await createApp(adapter, FixtureModule.with(WITHOUT_COLLECTORS, more));
  const server = { host: '127.0.0.1', port: await freePort() };
  app.connectMicroservice<MicroserviceOptions>({ transport: Transport.TCP, options: server });
  await app.startAllMicroservices();
  await app.listen(0, '127.0.0.1');
  const client = ClientProxyFactory.create({ transport: Transport.TCP, options: server });
  closing.push(
    () => app.close(),
    () => client.close(),
  );
  return { app, send: (pattern) => lastValueFrom(client.send<unknown>(pattern, '')) };
}

describe.each(ADAPTERS)('the handler that a guard receives, on %s', (adapter) => {
  it.each([...NAMES, 'both', 'inherited'] as const)(
    'is the method of the class: %s, by RPC',
    async (name) => {
      const { send } = await start(adapter, { controllers: [HandlersController] });
      const method = HandlersController.prototype[name];

      expect(await send(name)).toBe(name === 'private' ? 'mine' : name);
      expect(seen.length).toBeGreaterThan(0);
      for (const { handler, type } of seen) {
        expect(handler).toBe(method);
        expect(type).toBe(HandlersController);
      }
    },
  );

  it.each(NAMES)('is the method of the class: %s, of a gateway', async (name) => {
    const { app } = await start(adapter, { providers: [HandlersGateway] });
    const socket = io(await app.getUrl(), { transports: ['websocket'], forceNew: true, reconnection: false });
    closing.push(() => socket.disconnect());
    await new Promise<void>((resolve) => socket.on('connect', resolve));
    const answer = await new Promise((resolve) => socket.emit(name, '', resolve));

    expect(answer).toBe(name === 'private' ? 'mine' : name);
    expect(seen[0]?.handler).toBe(HandlersGateway.prototype[name]);
    expect(seen[0]?.type).toBe(HandlersGateway);
  });

  it('keeps its name, its properties and its object', async () => {
    const before = Object.getOwnPropertyDescriptors(HandlersController.prototype);
    const { app } = await start(adapter, { controllers: [HandlersController] });
    const controller = app.get(HandlersController);

    expect(Object.getOwnPropertyDescriptors(HandlersController.prototype)).toEqual(before);
    expect(Object.getPrototypeOf(controller)).toBe(HandlersController.prototype);
    expect(Object.entries(Reflect.get(HandlersController.prototype, 'replaced'))).toEqual([
      ['tag', 'by a library'],
    ]);
    expect(Reflect.get(HandlersController.prototype, 'plain')).toHaveLength(0);
  });

  it('has its exceptions counted, separately for each transport', async () => {
    const { app, send } = await start(adapter, { controllers: [HandlersController] });
    const other = await start(adapter, { controllers: [HandlersController] });
    await expect(send('throws')).rejects.toBeDefined();
    await expect(send('throws-too')).rejects.toBeDefined();
    await new RunningApp(adapter, app).get('/throws');

    const registry = app.get(MetricsRegistry);
    await eventually(() =>
      expect(counts(registry, 'rpc_server_errors_total')).toEqual({
        'handler=HandlersController.throws error=RangeError': 1,
        'handler=HandlersController.throwsToo error=RangeError': 1,
      }),
    );
    expect(counts(other.app.get(MetricsRegistry), 'rpc_server_errors_total')).toEqual({});
  });
});
