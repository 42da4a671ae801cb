import { type INestApplication, ValidationPipe, VersioningType } from '@nestjs/common';

/** What the application needs beside its modules; tests set it up in the same way. */
export function configureApp(app: INestApplication): void {
  app.setGlobalPrefix('api');
  app.enableVersioning({ type: VersioningType.URI });
  app.useGlobalPipes(new ValidationPipe({ transform: true, whitelist: true, forbidNonWhitelisted: true }));
}
