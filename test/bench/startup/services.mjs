import { Injectable, Logger } from '@nestjs/common';

/** Returns so many providers. As services are: some of what they hold is injected, some is their own. */
export function makeServices(count) {
  const services = [];
  for (let number = 0; number < count; number++) {
    const Service = class {
      constructor(previous) {
        this.previous = previous;
        this.logger = new Logger(`Service${number}`);
        this.cache = new Map();
        this.settings = { retries: 3, hosts: ['a', 'b'] };
        this.pending = [];
        this.count = number;
      }
    };
    Object.defineProperty(Service, 'name', { value: `Service${number}` });
    Injectable()(Service);
    Reflect.defineMetadata('design:paramtypes', number === 0 ? [Object] : [services[number - 1]], Service);
    if (number === 0) Reflect.defineMetadata('self:paramtypes', [{ index: 0, param: 'SETTINGS' }], Service);
    services.push(Service);
  }
  return [{ provide: 'SETTINGS', useValue: {} }, ...services];
}
