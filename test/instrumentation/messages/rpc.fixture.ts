import {
  Body,
  type CallHandler,
  type CanActivate,
  Catch,
  Controller,
  type ExceptionFilter,
  type ExecutionContext,
  Get,
  Injectable,
  type NestInterceptor,
  ParseIntPipe,
  Scope,
  UseFilters,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { EventPattern, MessagePattern, Payload, RpcException, Transport } from '@nestjs/microservices';
import { concat, from, NEVER, type Observable, of, throwError, timeout } from 'rxjs';

export class StockError extends Error {}

@Injectable()
class RefusingGuard implements CanActivate {
  canActivate(): boolean {
    return false;
  }
}

@Injectable()
class ImpatientInterceptor implements NestInterceptor {
  intercept(_: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(timeout(5));
  }
}

@Catch(StockError)
class StockFilter implements ExceptionFilter {
  catch(): Observable<never> {
    return throwError(() => 'said by the filter');
  }
}

@Catch(StockError)
class ForgivingFilter implements ExceptionFilter {
  catch(): Observable<string> {
    return of('forgiven');
  }
}

/** One handler for every way in which a message can end; and a route, which has no part in it. */
@Controller()
export class OrdersController {
  readonly seen: unknown[] = [];

  @Get('orders')
  list(): string {
    return 'over HTTP';
  }

  @MessagePattern('value')
  value(@Payload() data: unknown): unknown {
    return data;
  }

  @MessagePattern('promise')
  async promise(@Payload() data: unknown): Promise<unknown> {
    await Promise.resolve();
    return data;
  }

  @MessagePattern('stream')
  stream(): Observable<number> {
    return from([1, 2, 3]);
  }

  @MessagePattern({ on: { b: 1, a: 2 }, cmd: 'object' })
  object(): string {
    return 'found';
  }

  @MessagePattern(['first', 'second'])
  either(): string {
    return 'either';
  }

  @MessagePattern('refused.politely')
  rpcException(): never {
    throw new RpcException('not today');
  }

  @MessagePattern('broken')
  async broken(): Promise<never> {
    await Promise.resolve();
    throw new StockError('nothing left');
  }

  @MessagePattern('broken.stream')
  brokenStream(): Observable<unknown> {
    return concat(
      of(1),
      throwError(() => new StockError('after one')),
    );
  }

  @MessagePattern('nonsense')
  nonsense(): never {
    // What is thrown here has no class.
    throw Object.assign(Object.create(null), { message: 'nonsense' }) as Error;
  }

  @MessagePattern('guarded')
  @UseGuards(RefusingGuard)
  guarded(): string {
    return 'never';
  }

  @MessagePattern('piped')
  piped(@Payload(ParseIntPipe) id: number): number {
    return id;
  }

  @MessagePattern('late')
  @UseInterceptors(ImpatientInterceptor)
  late(): Observable<never> {
    return NEVER;
  }

  @MessagePattern('filtered')
  @UseFilters(StockFilter)
  filtered(): never {
    throw new StockError();
  }

  @MessagePattern('forgiven')
  @UseFilters(ForgivingFilter)
  forgiven(): never {
    throw new StockError();
  }

  @EventPattern('placed')
  placed(@Payload() data: unknown): void {
    this.seen.push(data);
  }

  @EventPattern('placed')
  placedToo(@Payload() data: unknown): void {
    this.seen.push(data);
  }

  @EventPattern('failed')
  failed(@Payload() data: unknown): void {
    throw new StockError(String(data));
  }

  @MessagePattern('elsewhere', Transport.NATS)
  elsewhere(@Body() data: unknown): unknown {
    return data;
  }
}

/** A controller that is made anew for each message. */
@Controller({ scope: Scope.REQUEST })
export class ScopedController {
  @MessagePattern('scoped')
  scoped(@Payload() data: unknown): unknown {
    if (data === 'fail') throw new StockError();
    return data;
  }
}
