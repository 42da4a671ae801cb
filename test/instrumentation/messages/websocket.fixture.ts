import {
  type ArgumentsHost,
  type CanActivate,
  Catch,
  type ExecutionContext,
  Injectable,
  ParseIntPipe,
  UseFilters,
  UseGuards,
} from '@nestjs/common';
import {
  BaseWsExceptionFilter,
  ConnectedSocket,
  MessageBody,
  SubscribeMessage,
  WebSocketGateway,
  WsException,
} from '@nestjs/websockets';
import { interval, map, type Observable, of, throwError } from 'rxjs';

export class FeedError extends Error {}

@Injectable()
class RefusingGuard implements CanActivate {
  canActivate(): boolean {
    return false;
  }
}

/** Throws the client out before it says yes. */
@Injectable()
class ExpellingGuard implements CanActivate {
  async canActivate(context: ExecutionContext): Promise<boolean> {
    await Promise.resolve();
    context
      .switchToWs()
      .getClient<{ disconnect?(close: boolean): void; terminate?(): void }>()
      .disconnect?.(true);
    return true;
  }
}

@Catch(FeedError)
class FeedFilter extends BaseWsExceptionFilter {
  readonly caught: unknown[] = [];

  override catch(exception: unknown, host: ArgumentsHost): void {
    this.caught.push(exception);
    this.handleError(host.switchToWs().getClient<object>(), new WsException('said by the filter'), {
      pattern: '',
      data: undefined,
    });
  }
}

export const FEED_FILTER = new FeedFilter();

/** The handlers of the gateways below: one for every way in which a message can end. */
class Handlers {
  release: ((value: string) => void)[] = [];

  @SubscribeMessage('echo')
  echo(@MessageBody() data: unknown): unknown {
    return { event: 'echoed', data };
  }

  @SubscribeMessage('later')
  async later(): Promise<unknown> {
    return { event: 'done', data: await new Promise<string>((resolve) => this.release.push(resolve)) };
  }

  @SubscribeMessage('silent')
  silent(): void {}

  @SubscribeMessage('several')
  several(): Observable<unknown> {
    return of(1, 2, 3).pipe(map((data) => ({ event: 'part', data })));
  }

  @SubscribeMessage('endless')
  endless(): Observable<unknown> {
    return interval(1).pipe(map((data) => ({ event: 'part', data })));
  }

  @SubscribeMessage('broken')
  async broken(): Promise<never> {
    await Promise.resolve();
    throw new FeedError('as planned');
  }

  @SubscribeMessage('broken.stream')
  brokenStream(): Observable<never> {
    return throwError(() => new FeedError('as planned'));
  }

  @SubscribeMessage('guarded')
  @UseGuards(RefusingGuard)
  guarded(): string {
    return 'never';
  }

  @SubscribeMessage('expelled')
  @UseGuards(ExpellingGuard)
  expelled(): Observable<string> {
    return of('nobody hears it');
  }

  @SubscribeMessage('piped')
  piped(@MessageBody(ParseIntPipe) id: number): object {
    return { event: 'piped', data: id };
  }

  @SubscribeMessage('filtered')
  @UseFilters(FEED_FILTER)
  filtered(): never {
    throw new FeedError('as planned');
  }

  /** Fails or not, as it is told, so that several are under way at once. */
  @SubscribeMessage('mixed')
  async mixed(@MessageBody() fails: boolean, @ConnectedSocket() client: object): Promise<void> {
    await Promise.resolve(client);
    if (fails) throw new FeedError();
  }
}

@WebSocketGateway()
export class FeedGateway extends Handlers {}

/** On the same server as the other. */
@WebSocketGateway()
export class SecondGateway {
  @SubscribeMessage('second')
  second(): object {
    return { event: 'seconded', data: null };
  }
}

@WebSocketGateway({ namespace: 'admin' })
export class AdminGateway {
  @SubscribeMessage('echo')
  echo(@MessageBody() data: unknown): unknown {
    return { event: 'echoed', data };
  }
}

@WebSocketGateway({ namespace: /^\/room-\d+$/ })
export class RoomsGateway {
  @SubscribeMessage('echo')
  echo(@MessageBody() data: unknown): unknown {
    return { event: 'echoed', data };
  }
}

@WebSocketGateway({ path: '/prices' })
export class PricesGateway extends Handlers {}
