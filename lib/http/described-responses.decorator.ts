import { SetMetadata } from '@nestjs/common';

/**
 * Describes the responses of a handler, by status, in the metadata that `@nestjs/swagger` reads. The package itself is not
 * imported.
 */
export function DescribedResponses(descriptions: Readonly<Record<number, string>>): MethodDecorator {
  const responses = Object.entries(descriptions).map(([status, description]) => [status, { description }]);
  return SetMetadata('swagger/apiResponse', Object.fromEntries(responses));
}
