import {
  type CallHandler,
  type CanActivate,
  Catch,
  Controller,
  type ExceptionFilter,
  type ExecutionContext,
  Get,
  Inject,
  Injectable,
  type NestInterceptor,
  SetMetadata,
  type Type,
  UseFilters,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { MessagePattern } from '@nestjs/microservices';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { type Observable, of, tap } from 'rxjs';

export class RoleError extends Error {}

/** A guard as applications write them: it knows handlers by identity, by class and by metadata. */
@Injectable()
export class KnowingGuard implements CanActivate {
  readonly known = new Map<unknown, string>();
  readonly seen: unknown[][] = [];

  constructor(@Inject(Reflector) private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    const handler = context.getHandler();
    const type: Type = context.getClass();
    this.seen.push([
      this.known.get(handler) ?? `unknown ${handler.name}`,
      this.known.get(type) ?? `unknown ${type.name}`,
      this.reflector.get('role', handler),
      this.reflector.getAllAndOverride('role', [handler, type]),
      (handler as { note?: string }).note,
    ]);
    return true;
  }
}

@Injectable()
export class KnowingInterceptor implements NestInterceptor {
  readonly handlers: unknown[] = [];

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(tap({ finalize: () => this.handlers.push(context.getHandler()) }));
  }
}

@Catch(RoleError)
export class RoleFilter implements ExceptionFilter {
  readonly caught: unknown[] = [];

  catch(exception: unknown): Observable<string> {
    this.caught.push(exception);
    return of('filtered');
  }
}

@UseGuards(KnowingGuard)
@UseInterceptors(KnowingInterceptor)
@UseFilters(RoleFilter)
@Controller()
export class KnownController {
  #calls = 0;

  @Get('known')
  @MessagePattern('known')
  @SetMetadata('role', 'reader')
  known(): number {
    return ++this.#calls;
  }

  @MessagePattern('failing')
  @SetMetadata('role', 'writer')
  failing(): never {
    throw new RoleError('as planned');
  }
}

@UseGuards(KnowingGuard)
@UseInterceptors(KnowingInterceptor)
@WebSocketGateway()
export class KnownGateway {
  #calls = 0;

  @SubscribeMessage('known')
  @SetMetadata('role', 'reader')
  known(): object {
    return { event: 'answered', data: ++this.#calls };
  }

  @SubscribeMessage('failing')
  @SetMetadata('role', 'writer')
  failing(): never {
    throw new RoleError('as planned');
  }
}

/** The method as the class has it. */
export function methodOf(type: Type, name: string): object {
  return Reflect.get(type.prototype as object, name) as object;
}

/** Makes a guard know the methods of a class by identity, as an application does in a map of its own. */
export function introduce(guard: KnowingGuard, type: Type): void {
  guard.known.set(type, type.name);
  for (const name of ['known', 'failing']) guard.known.set(methodOf(type, name), name);
  Object.assign(methodOf(type, 'known'), { note: 'of the application' });
}
