import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Settings } from '../settings/settings.js';
import { databaseOptions } from './database.options.js';
import { DatabaseSeeder } from './database.seeder.js';

@Module({
  imports: [
    TypeOrmModule.forRootAsync({
      inject: [Settings],
      useFactory: (settings: Settings) => databaseOptions(settings.databaseUrl),
    }),
  ],
  providers: [DatabaseSeeder],
})
export class DatabaseModule {}
