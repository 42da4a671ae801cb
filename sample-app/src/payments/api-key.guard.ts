import { createHash, timingSafeEqual } from 'node:crypto';
import { type CanActivate, type ExecutionContext, Injectable, UnauthorizedException } from '@nestjs/common';
import { Settings } from '../settings/settings.js';

/** Lets in who sends the right `x-api-key`. */
@Injectable()
export class ApiKeyGuard implements CanActivate {
  private readonly expected: Buffer;

  constructor(settings: Settings) {
    this.expected = digest(settings.paymentsApiKey);
  }

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<{ headers: Record<string, string | string[]> }>();
    const given = request.headers['x-api-key'];
    if (typeof given !== 'string' || !timingSafeEqual(digest(given), this.expected)) {
      throw new UnauthorizedException('Payments want a valid x-api-key header.');
    }
    return true;
  }
}

/** Of equal length for every key, as the comparison wants it. */
function digest(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}
